/**
 * fortio/fortio: the load generator (`fortio load`) and its echo server on 8080, which takes `?status=`, `?delay=` and
 * `?size=`. Upstream: fortio/fortio Dockerfile, fhttp/http_server.go. Not modelled: the web UI, gRPC ping, probabilities.
 */
import { fortio, fortioVersion } from '../commands/fortio/index.ts'
import { pause } from '../process/process.ts'
import type { ContainerContext, Image, Program } from '../workload.ts'
import { httpDate, respond, target } from './http.ts'

const milliseconds = (text: string | null): number => {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text ?? '') ?? []
  return Number(amount ?? 0) * (unit === 's' ? 1000 : 1)
}

const start = ({ argv, log, clock }: ContainerContext): Program => {
  if (argv[1] !== undefined && argv[1] !== 'server') return { ports: [], exits: { code: 1, afterMilliseconds: 0 } }
  log(`Fortio ${fortioVersion} tcp-echo server listening on tcp [::]:8078`)
  log(`Fortio ${fortioVersion} https redirector server listening on tcp [::]:8081`)
  log(`Fortio ${fortioVersion} http-echo server listening on tcp [::]:8080`)
  return {
    ports: [{ port: 8080, protocol: 'http' }],
    onTerm: 0,
    async http(request) {
      const { query } = target(request)
      const delay = milliseconds(query.get('delay'))
      if (delay > 0) await pause(clock, delay)
      const status = Number(query.get('status') ?? 200)
      const size = Number(query.get('size') ?? -1)
      const body = size >= 0 ? new Uint8Array(size).fill(120) : request.body
      return respond(
        status >= 100 && status < 600 ? status : 200,
        [
          ['Date', httpDate(clock.now())],
          ['Content-Length', String(body.length)],
        ],
        body,
      )
    },
  }
}

export const fortioImage: Image = {
  repository: 'fortio/fortio',
  says: 'the load generator of Istio’s tasks: fortio load -c 3 -qps 0 -n 30 URL; echoes on 8080',
  entrypoint: ['/usr/bin/fortio'],
  cmd: ['server', '-config-dir', '/etc/fortio'],
  userland: 'busybox',
  programs: { fortio: start },
  commands: { fortio },
}
