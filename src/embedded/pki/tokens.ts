/**
 * ServiceAccount tokens: JWTs signed with a key of this cluster (ES256), made and checked when somebody first asks.
 * A token ends with its ServiceAccount, and with the pod or the Secret that it belongs to.
 */
import { randomUUID, type webcrypto } from 'node:crypto'
import type { JWK } from 'jose'
import type { User } from '../apiserver/auth.ts'
import type { Clock } from '../clock.ts'
import type { Registry } from '../registry.ts'

export const issuer = 'https://kubernetes.default.svc.cluster.local'

export interface TokenRequest {
  namespace: string
  name: string
  /** Of the ServiceAccount. */
  uid: string
  audiences: readonly string[]
  expirationSeconds: number
  pod?: { name: string; uid: string }
}

export interface TokenIssuer {
  /** The token and when it ends (milliseconds). */
  issue(request: TokenRequest): Promise<{ token: string; expires: number }>
  /** A token without an end, for a Secret of type `kubernetes.io/service-account-token`. */
  issueForSecret(request: { namespace: string; secret: string; name: string; uid: string }): Promise<string>
  /** Whose token it is; never throws for a bad one. Audiences default to the API server's own. */
  verify(token: string, audiences?: readonly string[]): Promise<{ user: User; audiences: string[] } | { error: string }>
  /** For `/openid/v1/jwks`. */
  jwks(): Promise<{ keys: JWK[] }>
}

interface Keys {
  jose: typeof import('jose')
  privateKey: webcrypto.CryptoKey
  publicKey: webcrypto.CryptoKey
  kid: string
  jwk: JWK
}

const serviceAccounts = { group: '', resource: 'serviceaccounts' }
const pods = { group: '', resource: 'pods' }
const secrets = { group: '', resource: 'secrets' }
/** Of tokens in Secrets, whose claims are flat (kubernetes/kubernetes pkg/serviceaccount/legacy.go). */
const legacyIssuer = 'kubernetes/serviceaccount'
const legacy = (name: string): string => `kubernetes.io/serviceaccount/${name}`

const invalidated = { error: 'service account token has been invalidated' }

const userOf = (namespace: string, name: string, uid: string, extra?: User['extra']): User => ({
  username: `system:serviceaccount:${namespace}:${name}`,
  uid,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  ...(extra ? { extra } : {}),
})

export function createTokenIssuer({ clock, registry }: { clock: Clock; registry: Registry }): TokenIssuer {
  let keys: Promise<Keys> | undefined
  const load = (): Promise<Keys> => {
    keys ??= makeKeys()
    return keys
  }

  return {
    issue: async ({ namespace, name, uid, audiences, expirationSeconds, pod }) => {
      const { jose, privateKey, kid } = await load()
      const now = Math.floor(clock.now() / 1000)
      const token = await new jose.SignJWT({
        'kubernetes.io': { namespace, ...(pod ? { pod } : {}), serviceaccount: { name, uid } },
      })
        .setProtectedHeader({ alg: 'ES256', kid })
        .setIssuer(issuer)
        .setSubject(`system:serviceaccount:${namespace}:${name}`)
        .setAudience([...audiences])
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(now + expirationSeconds)
        .setJti(randomUUID())
        .sign(privateKey)
      return { token, expires: (now + expirationSeconds) * 1000 }
    },

    issueForSecret: async ({ namespace, secret, name, uid }) => {
      const { jose, privateKey, kid } = await load()
      return new jose.SignJWT({
        [legacy('namespace')]: namespace,
        [legacy('secret.name')]: secret,
        [legacy('service-account.name')]: name,
        [legacy('service-account.uid')]: uid,
      })
        .setProtectedHeader({ alg: 'ES256', kid })
        .setIssuer(legacyIssuer)
        .setSubject(`system:serviceaccount:${namespace}:${name}`)
        .sign(privateKey)
    },

    verify: async (token, audiences = [issuer]) => {
      const { jose, publicKey } = await load()
      try {
        if (jose.decodeJwt(token).iss === legacyIssuer) {
          const { payload } = await jose.jwtVerify(token, publicKey, { issuer: legacyIssuer })
          const claim = (key: string): string => String(payload[legacy(key)] ?? '')
          const [namespace, name, uid] = [
            claim('namespace'),
            claim('service-account.name'),
            claim('service-account.uid'),
          ]
          const data = registry.get(secrets, claim('secret.name'), namespace)?.data as { token?: string } | undefined
          if (data?.token !== Buffer.from(token).toString('base64')) return invalidated
          if (registry.get(serviceAccounts, name, namespace)?.metadata.uid !== uid) return invalidated
          return { user: userOf(namespace, name, uid), audiences: [...audiences] }
        }
        const currentDate = new Date(clock.now())
        const { payload } = await jose.jwtVerify(token, publicKey, { issuer, audience: [...audiences], currentDate })
        const claims = payload['kubernetes.io'] as {
          namespace: string
          serviceaccount: { name: string; uid: string }
          pod?: { name: string; uid: string }
        }
        const { namespace, serviceaccount, pod } = claims
        if (registry.get(serviceAccounts, serviceaccount.name, namespace)?.metadata.uid !== serviceaccount.uid)
          return invalidated
        if (pod && registry.get(pods, pod.name, namespace)?.metadata.uid !== pod.uid) return invalidated
        const granted = [payload.aud ?? []].flat().filter((audience) => audiences.includes(audience))
        const user = userOf(namespace, serviceaccount.name, serviceaccount.uid, {
          'authentication.kubernetes.io/credential-id': [`JTI=${payload.jti}`],
          ...(pod
            ? {
                'authentication.kubernetes.io/pod-name': [pod.name],
                'authentication.kubernetes.io/pod-uid': [pod.uid],
              }
            : {}),
        })
        return { user, audiences: granted }
      } catch (error) {
        return { error: `[invalid bearer token, ${error instanceof Error ? error.message : String(error)}]` }
      }
    },

    jwks: async () => {
      const { jwk } = await load()
      return { keys: [jwk] }
    },
  }
}

async function makeKeys(): Promise<Keys> {
  const jose = await import('jose')
  const { privateKey, publicKey } = await jose.generateKeyPair('ES256')
  const exported = await jose.exportJWK(publicKey)
  const kid = await jose.calculateJwkThumbprint(exported)
  return { jose, privateKey, publicKey, kid, jwk: { ...exported, use: 'sig', kid, alg: 'ES256' } }
}
