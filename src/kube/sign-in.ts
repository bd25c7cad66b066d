/**
 * Signing in by exec plugins and auth providers (OIDC), as `@kubernetes/client-node` does it. It is a large library, and
 * read only for a user that has one of these; certificates and tokens need nothing of it.
 */
import { dirname } from 'node:path'
import { ClusterUnreachable } from './errors.ts'

export interface SignedIn {
  headers: Record<string, string>
  clientCertificate?: string
  clientKey?: string
}

const asText = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : Buffer.isBuffer(value) ? value.toString() : undefined

/**
 * A function that gives credentials which are good now: it renews what has expired. `path` is where the kubeconfig's text
 * is from: what it names lies beside that. Throws `ClusterUnreachable`.
 */
export const createSignIn = (text: string, path: string, context: string): (() => Promise<SignedIn>) => {
  const open = async () => {
    const { KubeConfig } = await import('@kubernetes/client-node')
    const config = new KubeConfig()
    config.loadFromString(text)
    config.makePathsAbsolute(dirname(path))
    config.setCurrentContext(context)
    return config
  }
  const opened: { config?: ReturnType<typeof open> } = {}
  return async () => {
    try {
      opened.config ??= open()
      const options: { headers: Record<string, string>; cert?: unknown; key?: unknown } = { headers: {} }
      await (await opened.config).applyToHTTPSOptions(options as never)
      return { headers: options.headers, clientCertificate: asText(options.cert), clientKey: asText(options.key) }
    } catch (error) {
      const { message } = error as Error
      throw new ClusterUnreachable(
        `kubeconfig ${path}: signing in to "${context}" failed (${message.split('\n')[0]}); try "kubectl --context ${context} get namespaces", which signs in the same way`,
        { cause: error },
      )
    }
  }
}
