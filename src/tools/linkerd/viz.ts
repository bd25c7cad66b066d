/**
 * What commands of `linkerd viz` need: the extension, and the metrics of proxies.
 * Not as upstream: there is no Prometheus to ask. `curl` in a pod of the cluster reads the proxies' own pages, so numbers
 * count from the start of each proxy, and are no rates.
 */
import type { KubeObject } from '../../kube/api.ts'
import { StatusError } from '../../kube/errors.ts'
import type { Pod } from '../../kube/kinds.ts'
import { adminPort, isMeshed, proxyContainer } from '../../meshes/linkerd/pods.ts'
import { type ToolContext, ToolError } from '../istioctl/context.ts'

/** Says what the real command says without the extension (viz/pkg/api/api.go, exitOnError). Resolves with whether it is there. */
export const hasViz = async ({ client, err }: ToolContext): Promise<boolean> => {
  const { items } = await client.list<KubeObject>({ apiVersion: 'v1', kind: 'Namespace' }, {})
  if (items.some(({ metadata }) => metadata.labels?.['linkerd.io/extension'] === 'viz')) return true
  err('Cannot connect to Linkerd Viz: namespace with label "linkerd.io/extension: viz" not found\n')
  err('Validate the install with: linkerd viz check\n')
  return false
}

const isRunning = ({ status }: Pod): boolean => status?.phase === 'Running' && status.podIP !== undefined

/** `refused`: the proxy's policy does not let it be read. Undefined: no answer, or there is no curl. */
type Answer = { page: string } | 'refused' | undefined

const fetchFrom = async ({ client }: ToolContext, asker: Pod, container: string, url: string): Promise<Answer> => {
  let page = ''
  const decoder = new TextDecoder()
  const stdout = (chunk: Uint8Array): void => {
    page += decoder.decode(chunk, { stream: true })
  }
  const target = { namespace: asker.metadata.namespace ?? 'default', pod: asker.metadata.name, container }
  try {
    const argv = ['curl', '-s', '--max-time', '5', '-w', '%{http_code}', url]
    const { exitCode } = await client.cluster.exec(target, argv, { stdout, stderr: () => {} })
    if (exitCode !== 0) return undefined
    return page.endsWith('200') ? { page: page.slice(0, -3) } : 'refused'
  } catch (error) {
    if (error instanceof StatusError) return undefined
    throw error
  }
}

const metricsOf = async (context: ToolContext, askers: readonly Pod[], pod: Pod): Promise<string> => {
  for (const asker of askers)
    for (const { name } of asker.spec.containers) {
      if (name === proxyContainer) continue
      const answer = await fetchFrom(context, asker, name, `http://${pod.status?.podIP}:${adminPort}/metrics`)
      if (answer === 'refused') return ''
      if (answer) return answer.page
    }
  throw new ToolError(
    `the metrics of ${pod.metadata.name} cannot be read: no pod of the cluster that has curl gets them`,
  )
}

/**
 * Every running meshed pod that is wanted, with its page. A page that the policy of port 4191 refuses is empty, as it stays for a
 * Prometheus that nobody lets in (`linkerd viz allow-scrapes`). Throws `ToolError` when nobody has curl.
 */
export const proxyPages = async (
  context: ToolContext,
  isWanted: (pod: Pod) => boolean = () => true,
): Promise<{ pod: Pod; page: string }[]> => {
  const { items } = await context.client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, {})
  const running = items.filter(isRunning)
  const askers = [...running].sort((a, b) => Number(isMeshed(a)) - Number(isMeshed(b)))
  const pages: { pod: Pod; page: string }[] = []
  for (const pod of running.filter((each) => isMeshed(each) && isWanted(each)))
    pages.push({ pod, page: await metricsOf(context, askers, pod) })
  return pages
}
