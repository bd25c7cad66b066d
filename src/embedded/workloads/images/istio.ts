/**
 * Istio's images in a pod. The proxy's decisions are not made here: the data plane asks the mesh. What runs is the
 * outside: the health and probe ports of pilot-agent.
 * Envoy's admin interface (15000) and the metrics pages are `telemetry/admin.ts`.
 */
import type { ContainerContext, Image, Program } from '../workload.ts'
import { goResponse, target } from './http.ts'

interface AppProbe {
  httpGet?: {
    path?: string
    port?: number
    scheme?: string
    host?: string
    httpHeaders?: { name: string; value: string }[]
  }
  tcpSocket?: { port?: number }
}

const readProbes = (text: string | undefined): Record<string, AppProbe> => {
  try {
    return JSON.parse(text ?? '{}') as Record<string, AppProbe>
  } catch {
    return {}
  }
}

export const glogTime = (now: number): string => `${new Date(now).toISOString().slice(0, -1)}000Z`

/** `/app-health/<container>/readyz`: pilot-agent asks the application in the pod, past the proxy. */
const appHealth = async (context: ContainerContext, probe: AppProbe | undefined): Promise<number> => {
  const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port
  const listener = port === undefined ? undefined : context.local(port)
  if (!probe || !listener) return 500
  if (!probe.httpGet) return 200
  if (!listener.http) return 500
  const headers = (probe.httpGet.httpHeaders ?? []).map(({ name, value }) => [name.toLowerCase(), value] as const)
  const asked = {
    method: 'GET',
    path: probe.httpGet.path || '/',
    authority: `localhost:${port}`,
    headers,
    body: new Uint8Array(),
  }
  return (await listener.http(asked, { port: port ?? 0, remoteAddress: '127.0.0.6' })).status
}

const agent = (context: ContainerContext): Program => {
  const { clock } = context
  const probes = readProbes(context.env.ISTIO_KUBE_APP_PROBERS)
  context.log(`${glogTime(clock.now())}\tinfo\tEnvoy proxy is ready`)
  return {
    ports: [15000, 15020, 15021, 15090].map((port) => ({ port, protocol: 'http' as const })),
    onTerm: 0,
    async http(request, { port }) {
      const page = context.pages?.(context.pod, port, request.method, request.path)
      if (page) return goResponse(clock.now(), page.status, page.body, page.type)
      const { path } = target(request)
      if (path === '/healthz/ready') return goResponse(clock.now(), 200, '')
      if (port === 15020 && path.startsWith('/app-health/'))
        return goResponse(clock.now(), await appHealth(context, probes[path]), '')
      return goResponse(clock.now(), 404, '404 page not found\n')
    },
  }
}

/** istio-init and `proxyv2 istio-iptables`: redirects the pod's traffic, then ends. */
const iptables = (): Program => ({ ports: [], exits: { code: 0, afterMilliseconds: 0 } })

const pilotAgent = (context: ContainerContext): Program =>
  context.argv[1] === 'istio-iptables' ? iptables() : agent(context)

export const istioProxy: Image = {
  repository: 'istio/proxyv2',
  says: "Istio's sidecar and its init container",
  entrypoint: ['/usr/local/bin/pilot-agent'],
  user: 1337,
  userland: 'debian',
  programs: { 'pilot-agent': pilotAgent, 'istio-iptables': iptables },
}

export const istioInit: Image = {
  repository: 'istio/proxy_init',
  says: "Istio's init container",
  entrypoint: ['/usr/local/bin/istio-iptables'],
  userland: 'debian',
  programs: { 'istio-iptables': iptables },
}
