/**
 * The part of istioctl that labs use, over the API and `pilot-agent` in pods, as the real one: it works on any cluster.
 * What is not here says what is.
 */
import type { Client } from '../../kube/client.ts'
import { analyze } from './analyze.ts'
import { authz } from './authz.ts'
import { type Subcommand, type ToolContext, ToolError } from './context.ts'
import { describe } from './describe.ts'
import { proxyConfig } from './proxy-config.ts'
import { proxyStatus, version } from './status.ts'

interface Entry {
  names: string[]
  says: string
  run: Subcommand
}

const top: Entry[] = [
  { names: ['version'], says: 'versions of control plane and proxies', run: version },
  { names: ['analyze'], says: 'what is wrong with the configuration of a namespace (-n, -A)', run: analyze },
  { names: ['proxy-status', 'ps'], says: 'the proxies of the mesh', run: proxyStatus },
  { names: ['proxy-config', 'pc'], says: 'cluster|listener|route|secret <pod>[.<namespace>]', run: proxyConfig },
]
const experimental: Entry[] = [
  { names: ['authz'], says: 'check <pod>: the AuthorizationPolicies in its listeners', run: authz },
  { names: ['describe', 'des'], says: 'pod <pod>, service <service>: what of Istio applies to it', run: describe },
]

export const usage = (): string => {
  const rows = [
    ...top.map(({ names, says }) => [names.join(', '), says]),
    ...experimental.map(({ names, says }) => [`experimental ${names[0]}, x ${names[0]}`, says]),
  ]
  const width = Math.max(...rows.map(([name = '']) => name.length))
  const lines = rows.map(([name = '', says]) => `  ${name.padEnd(width)}  ${says}`)
  return `The part of istioctl that labs use:\n${lines.join('\n')}\n\nFlags: -n, --namespace; -A, --all-namespaces; -o json (proxy-config); --kubeconfig\n`
}

export interface Parsed {
  words: string[]
  flags: Record<string, string>
}

const short: Record<string, string> = {
  n: 'namespace',
  A: 'all-namespaces',
  o: 'output',
  l: 'selector',
  h: 'help',
  c: 'kubeconfig',
}
const switches = new Set(['all-namespaces', 'help', 'short', 'verbose', 'proxy'])

/** Splits words and flags as istioctl's own parser does: `-n x`, `--name x`, `--name=x`, switches alone. */
export const parseArguments = (argv: readonly string[]): Parsed => {
  const words: string[] = []
  const flags: Record<string, string> = {}
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!
    const parts = /^--?([A-Za-z][\w-]*)(?:=(.*))?$/s.exec(word)
    if (!parts) {
      words.push(word)
      continue
    }
    const name = short[parts[1]!] ?? parts[1]!
    if (parts[2] !== undefined) flags[name] = parts[2]
    else if (switches.has(name)) flags[name] = 'true'
    else flags[name] = argv[++at] ?? ''
  }
  return { words, flags }
}

/** Resolves with the exit code. @param client opened only when a subcommand runs */
export const istioctl = async (
  { words, flags }: Parsed,
  io: { out(text: string): void; err(text: string): void; client(): Promise<Client> },
): Promise<number> => {
  const [first, second] = words
  const isExperimental = first === 'experimental' || first === 'x' || first === 'exp'
  const wanted = isExperimental ? second : first
  const entry = (isExperimental ? [...experimental, ...top] : top).find(({ names }) => names.includes(wanted ?? ''))
  if (flags.help || words.length === 0) {
    io.out(usage())
    return 0
  }
  if (!entry) {
    io.err(`meshdojo: istioctl ${words.slice(0, isExperimental ? 2 : 1).join(' ')} is not modelled.\n${usage()}`)
    return 2
  }
  const context: ToolContext = {
    client: await io.client(),
    ...(flags.namespace ? { namespace: flags.namespace } : {}),
    allNamespaces: flags['all-namespaces'] === 'true',
    ...(flags.output ? { output: flags.output } : {}),
    flags,
    out: io.out,
    err: io.err,
  }
  try {
    return await entry.run(context, words.slice(isExperimental ? 2 : 1))
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    io.err(`Error: ${error.message}\n`)
    return 1
  }
}
