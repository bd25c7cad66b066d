/**
 * Istio's control plane, as istioctl meets it: health, metrics, its version, and the debug question of `proxy-status`.
 * Upstream: istio/istio pilot/pkg/bootstrap/monitoring.go, pilot/pkg/xds. It configures nothing: the mesh's functions
 * decide (`meshes/istio`).
 */
import { istioVersion } from '../../../meshes/istio/version.ts'
import type { ContainerContext, Image, Program } from '../workload.ts'
import { goResponse, target } from './http.ts'
import { glogTime } from './istio.ts'

const metrics = `# TYPE pilot_info gauge\npilot_info{version="${istioVersion}"} 1\n`

const xds = 15012

const discovery = (context: ContainerContext): Program => {
  context.log(`${glogTime(context.clock.now())}\tinfo\tinitializing Istiod admin server`)
  const pages: Record<string, [body: string, type?: string]> = {
    '/metrics': [metrics, 'text/plain; version=0.0.4; charset=utf-8'],
    '/version': [`${istioVersion}-unknown-Clean`],
  }
  return {
    ports: [8080, 15010, xds, 15014, 15017].map((port) => ({
      port,
      protocol: port === 8080 || port === 15014 ? 'http' : 'tcp',
    })),
    secured: [xds],
    onTerm: 0,
    async stream(socket, { port }) {
      if (port !== xds) return void socket.destroy()
      const { proxiesOf, serveXds } = await import('./xds.ts')
      serveXds(socket, {
        id: context.pod.metadata.name,
        version: istioVersion,
        proxies: () => proxiesOf(context.pods()),
      })
    },
    async http(request, { port }) {
      // Go's ServeMux cleans a path, and istioctl asks for `//version` (pkg/kube/client.go, portForwardRequest).
      const path = target(request).path.replace(/^\/+/, '/')
      if (port === 15014 && path === '/debug/syncz') {
        const { proxiesOf, syncStatuses } = await import('./xds.ts')
        return goResponse(context.clock.now(), 200, syncStatuses(proxiesOf(context.pods())), 'application/json')
      }
      const [body, type] = (port === 15014 ? pages[path] : undefined) ?? []
      if (body !== undefined) return goResponse(context.clock.now(), 200, body, type)
      const isReadiness = path === '/ready'
      return goResponse(context.clock.now(), isReadiness ? 200 : 404, isReadiness ? '' : '404 page not found\n')
    },
  }
}

export const istiod: Image = {
  repository: 'istio/pilot',
  says: "Istio's control plane",
  entrypoint: ['/usr/local/bin/pilot-discovery'],
  cmd: ['discovery'],
  // istio/istio pilot/docker/Dockerfile.pilot. The charts ask for runAsNonRoot.
  user: 1337,
  userland: 'debian',
  programs: { 'pilot-discovery': discovery },
}
