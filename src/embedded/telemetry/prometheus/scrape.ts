/**
 * Scraping on the cluster's clock: every annotated pod, with the labels of Istio's sample configuration. Upstream:
 * istio/istio samples/addons/prometheus.yaml (job kubernetes-pods, interval 15s, honor_labels).
 * Not modelled: other jobs (nodes, API servers, cadvisor), configuration files.
 */
import type { Pod } from '../../../kube/kinds.ts'
import type { ContainerContext } from '../../workloads/workload.ts'
import { readExposition } from './exposition.ts'
import { keyOf, type Labels, type SampleStore } from './store.ts'

export const interval = 15_000

const annotation = (pod: Pod, name: string): string | undefined => pod.metadata.annotations?.[`prometheus.io/${name}`]

const isTarget = (pod: Pod): boolean =>
  annotation(pod, 'scrape') === 'true' && pod.status?.phase === 'Running' && Boolean(pod.status.podIP)

/** Labels of the target itself: the pod's own labels, its namespace and name. */
const targetLabels = (pod: Pod, instance: string): Labels => ({
  ...Object.fromEntries(
    Object.entries(pod.metadata.labels ?? {}).map(([name, value]) => [name.replace(/[^a-zA-Z0-9_]/g, '_'), value]),
  ),
  instance,
  job: 'kubernetes-pods',
  namespace: pod.metadata.namespace ?? 'default',
  pod: pod.metadata.name,
})

const scrape = async (context: ContainerContext, store: SampleStore, pod: Pod, now: number): Promise<string> => {
  const port = Number(annotation(pod, 'port') ?? 80)
  const host = pod.status?.podIP ?? ''
  const instance = `${host}:${port}`
  const result = await context.network.http(
    { from: context.pod, host, port, timeout: 10_000 },
    {
      method: 'GET',
      path: annotation(pod, 'path') ?? '/metrics',
      authority: instance,
      headers: [['user-agent', 'Prometheus/3.5.0']],
      body: new Uint8Array(),
    },
  )
  const ok = result.ok && result.exchange.response.status === 200
  const target = targetLabels(pod, instance)
  const seen = new Set<string>()
  const add = (labels: Labels, value: number): void => {
    seen.add(keyOf(labels))
    store.append(labels, now, value)
  }
  if (ok)
    for (const { labels, value } of readExposition(new TextDecoder().decode(result.exchange.response.body)))
      add({ ...target, ...labels }, value)
  add({ ...target, __name__: 'up' }, ok ? 1 : 0)
  store.endOthers(instance, seen, now)
  return instance
}

/** Scrapes at once and then on and on, until the container ends. */
export const startScraping = (context: ContainerContext, store: SampleStore): void => {
  let known = new Set<string>()
  const round = async (): Promise<void> => {
    const now = context.clock.now()
    const found = await Promise.all(
      context
        .pods()
        .filter(isTarget)
        .map((pod) => scrape(context, store, pod, now)),
    )
    for (const instance of known) if (!found.includes(instance)) store.endOthers(instance, new Set(), now)
    known = new Set(found)
  }
  const next = (): void => {
    if (context.signal.aborted) return
    void round()
    cancel = context.clock.after(interval, next)
  }
  let cancel = context.clock.after(0, next)
  context.signal.addEventListener('abort', () => cancel(), { once: true })
}
