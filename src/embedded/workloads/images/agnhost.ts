/**
 * agnhost, the test image of Kubernetes: `netexec` (its default here when asked for), `pause`, `serve-hostname`,
 * `porter`. Upstream: kubernetes/test/images/agnhost. Not modelled: UDP and SCTP servers, `/dial` over them, `/upload`,
 * every other subcommand, which ends with an error that names it.
 */
import type { ContainerContext, Image, Program } from '../workload.ts'
import { goResponse, respond, target, textOf } from './http.ts'

/** Go's `log` package: `2026/11/24 04:00:00 text`. */
const goTime = (now: number): string => new Date(now).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')

const flag = (argv: readonly string[], name: string, fallback: string): string => {
  const at = argv.findIndex((each) => each === `--${name}` || each.startsWith(`--${name}=`))
  if (at < 0) return fallback
  const [, value] = (argv[at] ?? '').split(/=(.*)/s)
  return value ?? argv[at + 1] ?? fallback
}

const canonical = (name: string): string =>
  name.replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())

const goDuration = (text: string): number | undefined => {
  if (text === '') return 0
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return text === '0' ? 0 : undefined
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * (units[unit ?? ''] ?? 0),
    0,
  )
}

const netexec = (context: ContainerContext): Program => {
  const { clock, argv, pod } = context
  const port = Number(flag(argv, 'http-port', '8080'))
  const hasTls = flag(argv, 'tls-cert-file', '') !== ''
  const override = flag(argv, 'http-override', '')
  const log = (line: string): void => context.log(`${goTime(clock.now())} ${line}`)
  const hostname = pod.metadata.name
  log(`Started HTTP server on port ${port}`)
  const udp = flag(argv, 'udp-port', '8081')
  if (udp !== '-1') log(`Started UDP server on port  ${udp}`)
  return {
    ports: [{ port, protocol: hasTls ? 'https' : 'http' }],
    onTerm: 0,
    async http(request, connection) {
      const asked = override
        ? { ...request, method: 'GET', path: override, headers: [], body: new Uint8Array() }
        : request
      const { path, query } = target(asked)
      const form = new URLSearchParams(query)
      const type = asked.headers.find(([name]) => name === 'content-type')?.[1] ?? ''
      if (type.startsWith('application/x-www-form-urlencoded'))
        for (const [name, value] of new URLSearchParams(textOf(asked.body)))
          if (!form.has(name)) form.append(name, value)
      const value = (name: string): string => form.get(name) ?? ''
      const answer = (body: string, status = 200) =>
        goResponse(clock.now(), status, body, body.startsWith('<') ? 'text/html; charset=utf-8' : undefined)
      switch (path) {
        case '/clientip':
          log('GET /clientip')
          return answer(
            connection.remoteAddress.includes(':')
              ? connection.remoteAddress
              : `${connection.remoteAddress}:${40_000 + (clock.now() % 20_000)}`,
          )
        case '/header': {
          const key = value('key')
          log(key ? `GET /header?key=${key}` : 'GET /header')
          if (key) return answer(asked.headers.find(([name]) => name === key.toLowerCase())?.[1] ?? '')
          const all: Record<string, string[]> = {}
          for (const [name, each] of asked.headers) all[canonical(name)] = [...(all[canonical(name)] ?? []), each]
          return answer(JSON.stringify(Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)))))
        }
        case '/echo': {
          const [msg, code] = [value('msg'), value('code')]
          log(`GET /echo?msg=${msg}&code=${code}`)
          if (code && !/^[+-]?\d+$/.test(code))
            return answer(`argument 'code' must be an integer or empty, got "${code}"\n`)
          return answer(msg, code ? Number(code) : 200)
        }
        case '/hostname':
        case '/hostName':
          log(`GET ${path}`)
          return answer(hostname)
        case '/healthz':
          log('GET /healthz')
          return answer('')
        case '/readyz':
          log('GET /readyz')
          return answer('ok')
        case '/redirect': {
          const [location, code] = [value('location'), value('code')]
          log(`${asked.method} /redirect?location=${location}&code=${code}`)
          if (code && !/^\d+$/.test(code)) return answer(`argument 'code' must be an integer or empty, got "${code}"\n`)
          const page = `<a href="${location}">${code === '' || code === '302' ? 'Found' : 'See Other'}</a>.\n\n`
          const moved = goResponse(clock.now(), code ? Number(code) : 302, page, 'text/html; charset=utf-8')
          return respond(moved.status, [...moved.headers, ['Location', location]], moved.body)
        }
        case '/shell': {
          const script = value('shellCommand') || value('cmd')
          log(`GET /shell?cmd=${script}`)
          const { output, exitCode } = await context.shell(script)
          return answer(
            JSON.stringify({
              ...(exitCode ? { error: `exit status ${exitCode}` } : {}),
              ...(output ? { output } : {}),
            }),
          )
        }
        case '/exit': {
          const [code, timeout, wait] = [value('code'), value('timeout'), value('wait')]
          log(`GET /exit?code=${code}&timeout=${timeout}&wait=${wait}`)
          for (const [name, text] of [
            ['timeout', timeout],
            ['wait', wait],
          ] as const)
            if (goDuration(text) === undefined)
              return answer(`argument '${name}' must be a valid golang duration or empty, got "${text}"\n`)
          if (!/^[+-]?\d+$/.test(code))
            return answer(code ? `argument 'code' must be an integer [0-127] or empty, got "${code}"\n` : '')
          clock.after(goDuration(wait) ?? 0, () => context.exit(Number(code)))
          return answer('')
        }
        case '/shutdown':
          log('GET /shutdown')
          clock.after(0, () => context.exit(0))
          return answer('')
        case '/dial':
        case '/upload':
          return answer(`meshdojo: ${path} is not modelled\n`, 501)
        default:
          log('GET /')
          return answer(
            `NOW: ${new Date(clock.now()).toISOString().replace('T', ' ').replace('Z', '000000 +0000 UTC')}`,
          )
      }
    },
  }
}

const serveHostname = (context: ContainerContext): Program => {
  const port = Number(flag(context.argv, 'port', '9376'))
  context.log(`${goTime(context.clock.now())} Serving on port ${port}.`)
  return {
    ports: [{ port, protocol: 'http' }],
    http: async () => goResponse(context.clock.now(), 200, context.pod.metadata.name),
  }
}

const subcommands: Record<string, (context: ContainerContext) => Program> = {
  netexec,
  'serve-hostname': serveHostname,
  pause: (context) => {
    context.log('Paused')
    return { ports: [], onTerm: 0 }
  },
}

export const agnhost: Image = {
  repository: 'registry.k8s.io/e2e-test-images/agnhost',
  says: 'netexec: /hostname, /echo?msg=, /clientip, /header?key=, /healthz on 8080',
  entrypoint: ['/agnhost'],
  cmd: ['pause'],
  userland: 'busybox',
  programs: {
    agnhost: (context) => {
      const name = context.argv[1] ?? 'pause'
      const start = subcommands[name]
      if (start) return start(context)
      context.log(`Error: the simulated agnhost has ${Object.keys(subcommands).join(', ')}, not "${name}"`)
      return { ports: [], exits: { code: 1, afterMilliseconds: 0 } }
    },
  },
}
