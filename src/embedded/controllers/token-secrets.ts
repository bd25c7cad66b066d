/**
 * Fills Secrets of type `kubernetes.io/service-account-token`, which somebody makes for a token that does not expire, and
 * takes them away with their ServiceAccount. Follows kubernetes/kubernetes pkg/controller/serviceaccount/tokens_controller.go.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { TokenIssuer } from '../pki/tokens.ts'
import type { Registry } from '../registry.ts'

const secrets = { group: '', resource: 'secrets' }
const serviceAccounts = { group: '', resource: 'serviceaccounts' }
const nameKey = 'kubernetes.io/service-account.name'
const uidKey = 'kubernetes.io/service-account.uid'

export interface TokenSecretParts {
  registry: Registry
  tokens: TokenIssuer
  /** PEM. */
  caCertificate: string
}

interface Secret extends KubeObject {
  data?: Record<string, string>
}

const isTokenSecret = (object: KubeObject): boolean => object.type === 'kubernetes.io/service-account-token'
const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** @returns the function that stops it */
export const startTokenSecrets = ({ registry, tokens, caCertificate }: TokenSecretParts): (() => void) => {
  let stopped = false
  const fill = async (secret: Secret): Promise<void> => {
    const { name, namespace = '', annotations = {} } = secret.metadata
    const account = registry.get(serviceAccounts, annotations[nameKey] ?? '', namespace)
    if (!account) {
      registry.delete(secrets, name, namespace)
      return
    }
    const { uid = '' } = account.metadata
    if (secret.data?.token && annotations[uidKey] === uid) return
    const token = await tokens.issueForSecret({ namespace, secret: name, name: account.metadata.name, uid })
    if (stopped) return
    const change = (draft: KubeObject): void => {
      draft.metadata.annotations = { ...draft.metadata.annotations, [uidKey]: uid }
      const before = (draft as Secret).data
      draft.data = { ...before, 'ca.crt': base64(caCertificate), namespace: base64(namespace), token: base64(token) }
    }
    registry.mutate(secrets, name, namespace, change, { fieldManager: 'kube-controller-manager' })
  }
  const stops = [
    registry.watch(
      secrets,
      ({ type, object }) => {
        // Lost with the namespace or refused: the Secret simply stays empty, as with a real controller that tries again.
        if (type !== 'DELETED' && isTokenSecret(object)) fill(object).catch(() => {})
      },
      { replay: true },
    ),
    registry.watch(serviceAccounts, ({ type, object }) => {
      if (type !== 'DELETED') return
      const { name, namespace } = object.metadata
      const where = (secret: KubeObject) => isTokenSecret(secret) && secret.metadata.annotations?.[nameKey] === name
      for (const secret of registry.list(secrets, { namespace, where }))
        registry.delete(secrets, secret.metadata.name, namespace)
    }),
  ]
  return () => {
    stopped = true
    for (const stop of stops) stop()
  }
}
