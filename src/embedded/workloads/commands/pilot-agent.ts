/**
 * `pilot-agent request` in a sidecar: asks Envoy's admin interface. Upstream: istio/istio pilot/cmd/pilot-agent/request.go.
 * Not modelled: pilot-agent's other commands; they say so.
 */
import type { Command } from '../process/process.ts'

const usage = `Makes an HTTP request to the Envoy admin API

Usage:
  pilot-agent request <method> <path> [<body>] [flags]
`

export const pilotAgent: Command = async (process) => {
  if (!/(^|\/)pilot-agent$/.test(process.container.main[0] ?? '')) {
    process.err('sh: pilot-agent: not found\n')
    return 127
  }
  const words = process.argv.slice(1)
  const port = Number(
    /^--debug-port=(\d+)$/.exec(words.find((word) => word.startsWith('--debug-port=')) ?? '')?.[1] ?? 15000,
  )
  const [command, method = '', path = ''] = words.filter((word) => !word.startsWith('--'))
  if (command === 'wait') return 0
  if (command !== 'request') {
    process.err(`meshdojo: of pilot-agent only "request" runs here, not "${command ?? ''}"\n`)
    return 1
  }
  if (method === '' || path === '') {
    process.err(`Error: accepts at least 2 arg(s), received ${method === '' ? 0 : 1}\n${usage}`)
    return 255
  }
  const result = await process.container.network.http(
    { from: process.container.pod, host: '127.0.0.1', port, signal: process.signal },
    {
      method: method.toUpperCase(),
      path: path.startsWith('/') ? path : `/${path}`,
      authority: `localhost:${port}`,
      headers: [],
      body: new Uint8Array(),
    },
  )
  if (!result.ok) {
    process.err(
      `Error: command failed: Get "http://localhost:${port}/${path}": dial tcp 127.0.0.1:${port}: connect: connection refused\n`,
    )
    return 1
  }
  const { response } = result.exchange
  if (response.status !== 200) {
    process.err(`Error: received ${response.status} status from envoy\n${new TextDecoder().decode(response.body)}`)
    return 1
  }
  process.out(response.body)
  return 0
}
