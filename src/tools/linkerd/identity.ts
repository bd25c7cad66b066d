/** `linkerd identity`: the certificates of pods, as their proxies show them to who asks (linkerd2 cli/cmd/identity.go). */
import type { X509Certificate } from 'node:crypto'
import { connect as startTls } from 'node:tls'
import { StatusError } from '../../kube/errors.ts'
import type { Pod } from '../../kube/kinds.ts'
import type { RemoteCluster } from '../../kube/transport.ts'
import { adminPort, identityOf, proxyContainer } from '../../meshes/linkerd/pods.ts'
import { certificatesIn } from '../../pki/anchored-authority.ts'
import { type ToolContext, ToolError } from '../istioctl/context.ts'
import { certificateText } from './certificate-text.ts'

type Forward = RemoteCluster['forward']

/** What the proxy shows, leaf first. Nothing is verified: it may be the very thing that is wrong. */
const shownBy = async (forward: Forward, pod: Pod): Promise<X509Certificate[]> => {
  const { name, namespace = 'default' } = pod.metadata
  const connection = await forward({ namespace, pod: name }, adminPort)
  return new Promise((resolve, reject) => {
    const socket = startTls({ socket: connection, servername: identityOf(pod), rejectUnauthorized: false })
    socket.once('secureConnect', () => {
      const chain: X509Certificate[] = []
      const seen = new Set<string>()
      let at = socket.getPeerCertificate(true)
      while (at?.raw && !seen.has(at.fingerprint256)) {
        seen.add(at.fingerprint256)
        const pem = `-----BEGIN CERTIFICATE-----\n${at.raw.toString('base64')}\n-----END CERTIFICATE-----\n`
        chain.push(...certificatesIn(pem))
        at = at.issuerCertificate
      }
      socket.destroy()
      connection.destroy()
      resolve(chain)
    })
    for (const each of [socket, connection]) each.once('error', reject)
  })
}

const hasAdminPort = ({ spec }: Pod): boolean =>
  [...(spec.initContainers ?? []), ...spec.containers].some(
    ({ name, ports = [] }) => name === proxyContainer && ports.some((port) => port.name === 'linkerd-admin'),
  )

const wanted = async (
  { client, flags, namespace = 'default' }: ToolContext,
  names: readonly string[],
): Promise<Pod[]> => {
  if (names.length === 0) {
    const labelSelector = flags.selector
    if (!labelSelector) throw new ToolError('Provide the pod name argument or use the selector flag')
    return (await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace, labelSelector })).items
  }
  const pods: Pod[] = []
  for (const name of names) {
    const pod = await client.find<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, name })
    if (!pod) throw new ToolError(`pods "${name}" not found`)
    pods.push(pod)
  }
  return pods
}

const certificatesOf = async (forward: Forward, pod: Pod): Promise<X509Certificate[] | string> => {
  if (pod.status?.phase !== 'Running') return `pod not running: ${pod.metadata.name}`
  if (!hasAdminPort(pod)) return `failed to find linkerd-admin port in ${proxyContainer} container for given pod spec`
  try {
    return await shownBy(forward, pod)
  } catch (error) {
    if (error instanceof StatusError || error instanceof Error) return error.message
    throw error
  }
}

export const identity = async (context: ToolContext, names: readonly string[]): Promise<number> => {
  const pods = await wanted(context, names)
  const { forward } = context.client.cluster as Partial<Pick<RemoteCluster, 'forward'>>
  if (!forward) throw new ToolError('this cluster takes no port-forward')
  if (pods.length === 0)
    context.out('Could not fetch Certificate. Ensure that the pod(s) are meshed by running `linkerd inject`\n')
  // The real one stops asking at the first pod that shows none, and prints those before it.
  for (const [index, pod] of pods.entries()) {
    context.out(`\nPOD ${pod.metadata.name} (${index + 1} of ${pods.length})\n\n`)
    const found = await certificatesOf(forward, pod)
    if (typeof found === 'string') {
      context.out(`\n${found}\n`)
      return 0
    }
    for (const certificate of found) if (!certificate.ca) context.out(certificateText(certificate))
  }
  return 0
}
