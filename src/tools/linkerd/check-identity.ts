/**
 * The certificates that `linkerd check` looks at, and its words about them (linkerd2 pkg/healthcheck/healthcheck.go,
 * pkg/issuercerts/issuercerts.go). The anchors are read where proxies and the identity controller read them, in
 * linkerd-identity-trust-roots; the real command reads the copy in linkerd-config.
 */
import { createPrivateKey, type X509Certificate } from 'node:crypto'
import type { KubeObject } from '../../kube/api.ts'
import type { Client } from '../../kube/client.ts'
import { certificatesIn, distrust } from '../../pki/anchored-authority.ts'
import type { Check } from './check.ts'

interface Material {
  issuer: X509Certificate
  chain: X509Certificate[]
  anchors: X509Certificate[]
}

const namespace = 'linkerd'
const day = 86_400_000

const decoded = (object: KubeObject | undefined, name: string): string | undefined => {
  const text = (object?.data as Record<string, string> | undefined)?.[name]
  return text === undefined ? undefined : Buffer.from(text, 'base64').toString('utf8')
}

/** Reads once; rejects with what the first check says. */
const load = async (client: Client): Promise<Material> => {
  const [secret, bundle] = await Promise.all([
    client.find<KubeObject>({ apiVersion: 'v1', kind: 'Secret', namespace, name: 'linkerd-identity-issuer' }),
    client.find<KubeObject>({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'linkerd-identity-trust-roots' }),
  ])
  if (!secret) throw new Error('secrets "linkerd-identity-issuer" not found')
  const isExternal = secret.type === 'kubernetes.io/tls'
  const [crt, key] = isExternal ? ['tls.crt', 'tls.key'] : ['crt.pem', 'key.pem']
  const [certificate, privateKey] = [decoded(secret, crt!), decoded(secret, key!)]
  const missing = (name: string, what: string): Error =>
    new Error(
      `key ${name} containing the ${what} needs to exist in secret linkerd-identity-issuer if --identity-external-issuer=${isExternal}`,
    )
  if (certificate === undefined) throw missing(crt!, 'issuer certificate')
  if (privateKey === undefined) throw missing(key!, 'issuer key')
  const chain = certificatesIn(certificate)
  const [issuer] = chain
  if (!issuer) throw new Error('failed to decode PEM certificate')
  if (!issuer.checkPrivateKey(createPrivateKey(privateKey))) throw new Error('tls: Public and private key do not match')
  const pem = (bundle?.data as Record<string, string> | undefined)?.['ca-bundle.crt'] ?? decoded(secret, 'ca.crt') ?? ''
  return { issuer, chain, anchors: certificatesIn(pem) }
}

const rfc3339 = (date: Date): string => date.toISOString().replace(/\.\d+/, '')

export const outOfTime = ({ validFromDate, validToDate }: X509Certificate): string | undefined => {
  if (validFromDate.getTime() > Date.now()) return `not valid before: ${rfc3339(validFromDate)}`
  return validToDate.getTime() < Date.now() ? `not valid anymore. Expired on ${rfc3339(validToDate)}` : undefined
}

export const soonOut = ({ validToDate }: X509Certificate): string | undefined =>
  Date.now() + 60 * day > validToDate.getTime() ? `will expire on ${rfc3339(validToDate)}` : undefined

/** Issuers are on P-256; anchors may be RSA of 2048 or 4096 bits. */
const wrongKey = ({ publicKey }: X509Certificate, isAnchor: boolean): string | undefined => {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = publicKey
  if (type === 'ec') {
    const curve = details?.namedCurve
    return curve === 'prime256v1'
      ? undefined
      : `must use P-256 curve for public key, instead P-${/\d+/.exec(curve ?? '')?.[0] ?? ''} was used`
  }
  if (isAnchor && type === 'rsa') {
    const bits = details?.modulusLength ?? 0
    if (bits === 2048 || bits === 4096) return undefined
    return `RSA must use a 2048 or 4096 bit public key, instead ${bits} bit public key was used`
  }
  const name = type === 'rsa' ? 'RSA' : type === 'ed25519' ? 'Ed25519' : '0'
  const who = isAnchor ? 'trust anchor must use ECDSA or RSA' : 'issuer certificate must use ECDSA'
  return `${who} for public key algorithm, instead ${name} was used`
}

const commonName = ({ subject }: X509Certificate): string => /(?:^|\n)CN=(.*)/.exec(subject)?.[1] ?? ''

export const identityChecks = (client: Client): Check[] => {
  let material: Promise<Material> | undefined
  const known = (): Promise<Material> => {
    material ??= load(client)
    return material
  }
  const each = (title: string, ask: (anchor: X509Certificate) => string | undefined) => async () => {
    const wrong = (await known()).anchors.flatMap((anchor) => {
      const why = ask(anchor)
      return why === undefined ? [] : [`* ${BigInt(`0x${anchor.serialNumber}`)} ${commonName(anchor)} ${why}`]
    })
    return wrong.length === 0 ? undefined : `${title}:\n\t${wrong.join('\n\t')}`
  }
  const ofIssuer = (prefix: string, ask: (issuer: X509Certificate) => string | undefined) => async () => {
    const why = ask((await known()).issuer)
    return why === undefined ? undefined : `${prefix} ${why}`
  }
  return [
    {
      says: 'certificate config is valid',
      hint: 'l5d-identity-cert-config-valid',
      fatal: true,
      ask: () =>
        known().then(
          () => undefined,
          (error: Error) => error.message,
        ),
    },
    {
      says: 'trust anchors are using supported crypto algorithm',
      hint: 'l5d-identity-trustAnchors-use-supported-crypto',
      fatal: true,
      ask: each('Invalid trustAnchors', (anchor) => wrongKey(anchor, true)),
    },
    {
      says: 'trust anchors are within their validity period',
      hint: 'l5d-identity-trustAnchors-are-time-valid',
      fatal: true,
      ask: each('Invalid anchors', outOfTime),
    },
    {
      says: 'trust anchors are valid for at least 60 days',
      hint: 'l5d-identity-trustAnchors-not-expiring-soon',
      warning: true,
      ask: each('Anchors expiring soon', soonOut),
    },
    {
      says: 'issuer cert is using supported crypto algorithm',
      hint: 'l5d-identity-issuer-cert-uses-supported-crypto',
      fatal: true,
      ask: ofIssuer('issuer certificate', (issuer) => wrongKey(issuer, false)),
    },
    {
      says: 'issuer cert is within its validity period',
      hint: 'l5d-identity-issuer-cert-is-time-valid',
      fatal: true,
      ask: ofIssuer('issuer certificate is', outOfTime),
    },
    {
      says: 'issuer cert is valid for at least 60 days',
      hint: 'l5d-identity-issuer-cert-not-expiring-soon',
      warning: true,
      ask: ofIssuer('issuer certificate', soonOut),
    },
    {
      says: 'issuer cert is issued by the trust anchor',
      hint: 'l5d-identity-issuer-cert-issued-by-trust-anchor',
      ask: async () => {
        const { chain, anchors } = await known()
        return distrust(chain, anchors, Date.now())
      },
    },
  ]
}
