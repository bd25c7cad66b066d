/**
 * `nc` as a client: sends standard input, prints what comes back, says why it could not connect. Busybox's words, or
 * OpenBSD's on Debian images. Not modelled: listening, UDP, a dialogue (input is sent as a whole, once it has ended).
 */
import { toldUnmodelled } from '../../../meshes/verdict.ts'
import { type Command, readAll } from '../process/process.ts'

interface Options {
  scan: boolean
  verbose: boolean
  timeout?: number
  operands: string[]
}

const parse = (words: readonly string[]): Options | string => {
  const options: Options = { scan: false, verbose: false, operands: [] }
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!word.startsWith('-') || word === '-') {
      options.operands.push(word)
      continue
    }
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]
      if (letter === 'z') options.scan = true
      else if (letter === 'v') options.verbose = true
      else if (letter === 'w' || letter === 'q' || letter === 'i') {
        const value = word.slice(at + 1) || rest.shift() || ''
        if (letter === 'w') options.timeout = Number(value) * 1000
        break
      } else if (letter === 'l') return 'listening is not modelled: nothing can call a shell'
      else if (letter === 'u') return 'UDP is not modelled'
      else if (!/[nNt4]/.test(letter ?? '')) return `unrecognized option: ${letter}`
    }
  }
  return options
}

export const nc: Command = async (process) => {
  const options = parse(process.argv.slice(1))
  const fail = (says: string): number => {
    process.err(`nc: ${says}\n`)
    return 1
  }
  if (typeof options === 'string') return fail(options)
  const [host, portText] = options.operands
  const port = Number(portText)
  if (host === undefined || !Number.isInteger(port) || port < 1 || port > 65_535)
    return fail(
      host === undefined || portText === undefined
        ? 'missing host and port: nc [-zv] [-w SECONDS] HOST PORT'
        : `bad port '${portText}'`,
    )
  const { container } = process
  const isDebian = container.userland === 'debian'
  const payload = options.scan ? new Uint8Array() : await readAll(process.stdin)
  const dial = { from: container.pod, host, port, timeout: options.timeout, signal: process.signal }
  const result = options.scan ? await container.network.probe(dial) : await container.network.tcp(dial, payload)
  const isName = !/^[\d.]+$/.test(host)
  const unresolved = !result.ok && result.failure.kind === 'timeout' && result.failure.resolving
  const address = isName ? (container.network.dns.lookup(container.pod, host)?.addresses[0] ?? host) : host
  const opened = (): void => {
    if (!options.verbose) return
    process.err(
      isDebian
        ? `Connection to ${host} (${address}) ${port} port [tcp/*] succeeded!\n`
        : `${host} (${address}:${port}) open\n`,
    )
  }
  if (result.ok) {
    opened()
    process.out(result.received)
    return 0
  }
  switch (unresolved ? 'nxdomain' : result.failure.kind) {
    case 'nxdomain':
      return fail(
        isDebian ? `getaddrinfo for host "${host}" port ${port}: Name or service not known` : `bad address '${host}'`,
      )
    case 'refused':
      return fail(
        isDebian
          ? `connect to ${host} (${address}) port ${port} (tcp) failed: Connection refused`
          : `${isName ? `${host} (${address}:${port})` : `${host} (${host}:${port})`}: Connection refused`,
      )
    case 'timeout':
      return fail(
        isDebian
          ? `connect to ${host} (${address}) port ${port} (tcp) timed out: Operation now in progress`
          : `${host} (${address}:${port}): Connection timed out`,
      )
    case 'reset': {
      opened()
      const unmodelled = toldUnmodelled(result.verdict)
      if (unmodelled !== undefined) return fail(unmodelled)
      return isDebian ? 1 : fail('read: Connection reset by peer')
    }
    default:
      opened()
      return 0
  }
}
