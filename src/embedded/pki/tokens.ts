/**
 * ServiceAccount tokens: JWTs signed with a key of this cluster (ES256), made and checked when somebody first asks.
 * Not modelled: revocation of tokens bound to a pod that is gone (the ServiceAccount's own uid is checked).
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

    verify: async (token, audiences = [issuer]) => {
      const { jose, publicKey } = await load()
      try {
        const currentDate = new Date(clock.now())
        const { payload } = await jose.jwtVerify(token, publicKey, { issuer, audience: [...audiences], currentDate })
        const claims = payload['kubernetes.io'] as {
          namespace: string
          serviceaccount: { name: string; uid: string }
          pod?: { name: string; uid: string }
        }
        const { namespace, serviceaccount, pod } = claims
        if (registry.get(serviceAccounts, serviceaccount.name, namespace)?.metadata.uid !== serviceaccount.uid)
          return { error: 'service account token has been invalidated' }
        const granted = [payload.aud ?? []].flat().filter((audience) => audiences.includes(audience))
        const user: User = {
          username: `system:serviceaccount:${namespace}:${serviceaccount.name}`,
          uid: serviceaccount.uid,
          groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
          extra: {
            'authentication.kubernetes.io/credential-id': [`JTI=${payload.jti}`],
            ...(pod
              ? {
                  'authentication.kubernetes.io/pod-name': [pod.name],
                  'authentication.kubernetes.io/pod-uid': [pod.uid],
                }
              : {}),
          },
        }
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
