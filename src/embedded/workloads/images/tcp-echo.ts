/** istio/tcp-echo-server: each line comes back with a prefix. Upstream: istio/samples/tcp-echo/src/main.go. */
import type { Image } from '../workload.ts'

const program: NonNullable<Image['programs']>[string] = (context) => {
  const [, list, prefix] = context.argv
  if (list === undefined || prefix === undefined) {
    context.log('panic: runtime error: index out of range')
    return { ports: [], exits: { code: 2, afterMilliseconds: 0 } }
  }
  const ports = list.split(',').map(Number)
  for (const port of ports) context.log(`listening on [::]:${port}, prefix: ${prefix}`)
  return {
    ports: ports.map((port) => ({ port, protocol: 'tcp' as const })),
    onTerm: 143,
    async tcp(data) {
      // Only whole lines are answered; what follows the last newline is lost with the connection.
      const lines = new TextDecoder().decode(data).split('\n').slice(0, -1)
      const answers = lines.map((line) => `${prefix} ${line}`)
      lines.forEach((line, at) => {
        context.log(`request: ${line}`)
        context.log(`response: ${answers[at]}`)
      })
      return new TextEncoder().encode(answers.map((line) => `${line}\n`).join(''))
    },
  }
}

export const tcpEcho: Image = {
  repository: 'istio/tcp-echo-server',
  says: 'answers each TCP line with a prefix; arguments: ports and prefix, by default 9000 hello',
  entrypoint: ['/bin/tcp-echo'],
  cmd: ['9000', 'hello'],
  userland: 'busybox',
  programs: { 'tcp-echo': program },
}
