/** Prometheus, as Istio's sample add-on runs it: scrapes annotated pods, answers queries. The parser is loaded with the first query. */
import { startScraping } from '../../telemetry/prometheus/scrape.ts'
import { createStore } from '../../telemetry/prometheus/store.ts'
import type { ContainerContext, Image, Program } from '../workload.ts'
import { goResponse, header, target, textOf } from './http.ts'

const server = (context: ContainerContext): Program => {
  const { clock } = context
  const store = createStore()
  startScraping(context, store)
  context.log(
    `time=${new Date(clock.now()).toISOString()} level=INFO source=main.go msg="Server is ready to receive web requests."`,
  )
  return {
    ports: [{ port: 9090, protocol: 'http' }],
    onTerm: 0,
    async http(request) {
      const { path, query } = target(request)
      const reply = (status: number, body: string, type?: string) => goResponse(clock.now(), status, body, type)
      if (path === '/-/healthy') return reply(200, 'Prometheus Server is Healthy.\n')
      if (path === '/-/ready') return reply(200, 'Prometheus Server is Ready.\n')
      if (!path.startsWith('/api/v1/'))
        return reply(404, 'meshdojo runs Prometheus without its web page: ask /api/v1/query?query=…\n')
      if (request.method === 'POST' && header(request, 'content-type')?.startsWith('application/x-www-form-urlencoded'))
        for (const [name, value] of new URLSearchParams(textOf(request.body))) query.append(name, value)
      const { createApi } = await import('../../telemetry/prometheus/api.ts')
      const { status, body } = createApi(store, () => clock.now())(path, query)
      return reply(status, JSON.stringify(body), 'application/json')
    },
  }
}

export const prometheus: Image = {
  repository: 'prom/prometheus',
  says: 'Prometheus on port 9090: scrapes annotated pods every 15 s and answers PromQL',
  entrypoint: ['/bin/prometheus'],
  user: 65534,
  userland: 'busybox',
  programs: { prometheus: server },
}

/** The add-on's second container: it would reload a changed configuration, and here only says that it is well. */
export const configReloader: Image = {
  repository: 'ghcr.io/prometheus-operator/prometheus-config-reloader',
  says: "the add-on's companion: answers /healthz on port 8080",
  entrypoint: ['/bin/prometheus-config-reloader'],
  user: 65534,
  userland: 'busybox',
  programs: {
    'prometheus-config-reloader': ({ clock }) => ({
      ports: [{ port: 8080, protocol: 'http' }],
      onTerm: 0,
      http: async (request) => {
        const isHealthy = target(request).path === '/healthz'
        return goResponse(clock.now(), isHealthy ? 200 : 404, isHealthy ? 'OK' : '404 page not found\n')
      },
    }),
  },
}
