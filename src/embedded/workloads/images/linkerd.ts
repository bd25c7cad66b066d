/**
 * Linkerd's own images. The proxy's decisions are not made here: the data plane asks the mesh. What runs is the outside:
 * the admin port with /live, /ready and /metrics (linkerd2-proxy linkerd/app/admin/src/server.rs), and the health ports
 * of the control plane's programs. Not modelled: log levels, tap, shutdown.
 */
import type { ContainerContext, Image, Program } from '../workload.ts'
import { goResponse, respond, target } from './http.ts'

const admin = 4191

export const linkerdProxy: Image = {
  repository: 'cr.l5d.io/linkerd/proxy',
  says: "Linkerd's proxy and its init container",
  entrypoint: ['/usr/lib/linkerd/linkerd2-proxy-identity'],
  user: 2102,
  userland: 'busybox',
  programs: {
    'linkerd2-proxy-init': (): Program => ({ ports: [], exits: { code: 0, afterMilliseconds: 0 } }),
    'linkerd2-proxy-identity': (context) => {
      const { namespace } = context.pod.metadata
      const account = context.pod.spec.serviceAccountName ?? 'default'
      const say = (module: string, says: string): void =>
        context.log(`[     0.003s]  INFO ThreadId(01) ${module}: ${says}`)
      say('linkerd2_proxy', 'Admin interface on 0.0.0.0:4191')
      say('linkerd2_proxy', 'Inbound interface on 0.0.0.0:4143')
      say('linkerd2_proxy', 'Outbound interface on 127.0.0.1:4140')
      say(
        'daemon:identity: linkerd_app',
        `Certified identity id=${account}.${namespace}.serviceaccount.identity.linkerd.cluster.local`,
      )
      return {
        ports: [{ port: admin, protocol: 'http' }],
        onTerm: 0,
        async http(request) {
          const { path } = target(request)
          const page = context.pages?.(context.pod, admin, request.method, path)
          const date: [string, string] = ['date', new Date(context.clock.now()).toUTCString()]
          if (page) return respond(page.status, [['content-type', 'text/plain'], date], page.body)
          if (path === '/live' || path === '/ready')
            return respond(200, [['content-type', 'text/plain'], date], path === '/live' ? 'live\n' : 'ready\n')
          return respond(404, [date])
        },
      }
    },
  },
}

const component = (context: ContainerContext): Program => {
  context.log(
    `time="${new Date(context.clock.now()).toISOString().replace(/\.\d+/, '')}" level=info msg="running version"`,
  )
  const ports = (context.container.ports ?? []).map(({ containerPort, name = '' }) => ({
    port: containerPort,
    protocol: name.endsWith('-admin') ? ('http' as const) : ('tcp' as const),
  }))
  return {
    ports,
    onTerm: 0,
    http: async (request) => {
      const isKnown = ['/ready', '/live', '/ping'].includes(target(request).path)
      return goResponse(context.clock.now(), isKnown ? 200 : 404, isKnown ? 'ok\n' : '404 page not found\n')
    },
  }
}

export const linkerdController: Image = {
  repository: 'cr.l5d.io/linkerd/controller',
  says: "Linkerd's control plane",
  entrypoint: ['/controller'],
  userland: 'busybox',
  // linkerd2 Dockerfile.controller: the policy controller lies beside it, and the chart starts it by its name.
  programs: { controller: component, 'linkerd-policy-controller': component },
}
