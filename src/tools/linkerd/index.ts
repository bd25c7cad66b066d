/** The part of Linkerd's CLI that labs use, over the API; it works on any cluster. What is not here says what is. */
import type { Client } from '../../kube/client.ts'
import { type Subcommand, type ToolContext, ToolError } from '../istioctl/context.ts'
import type { Parsed } from '../istioctl/index.ts'
import { authz } from './authz.ts'
import { check } from './check.ts'
import { edges } from './edges.ts'
import { identity } from './identity.ts'
import { policy } from './policy.ts'
import { stat, vizAuthz } from './stat.ts'

const entries: { words: string[]; says: string; run: Subcommand }[] = [
  { words: ['check'], says: 'whether the installation is sound (--proxy: the proxies of -n too)', run: check },
  { words: ['authz'], says: 'deploy/<name>: authorizations for the Servers of a workload', run: authz },
  { words: ['identity'], says: '<pod> … or -l app=x: the certificates that proxies show', run: identity },
  {
    words: ['diagnostics', 'policy'],
    says: "po/<name> <port>: what the policy controller tells the pod's proxy (-o yaml|json)",
    run: policy,
  },
  {
    words: ['viz', 'edges'],
    says: 'deploy|po|…: who talks to whom, and whether it is mTLS (-o wide|json)',
    run: edges,
  },
  { words: ['viz', 'stat'], says: 'deploy|po|… [name]: requests that came in, and how they went', run: stat },
  { words: ['viz', 'authz'], says: 'deploy/<name>: what let requests in, and what was refused', run: vizAuthz },
  {
    words: ['viz', 'tap'],
    says: 'not here: `meshdojo tap` shows one request, proxies log what they refuse',
    run: async () => {
      throw new ToolError(
        'linkerd viz tap is not modelled: nothing streams requests here. `meshdojo tap <namespace/workload> <url>` shows one on the wire, `kubectl logs … -c linkerd-proxy` what a proxy refused.',
      )
    },
  },
]

export const usage = (): string => {
  const width = Math.max(...entries.map(({ words }) => words.join(' ').length))
  const lines = entries.map(({ words, says }) => `  ${words.join(' ').padEnd(width)}  ${says}`)
  return `The part of linkerd that labs use:\n${lines.join('\n')}\n\nFlags: -n, --namespace; -A, --all-namespaces; -l, --selector; -o; --kubeconfig\n`
}

/** Resolves with the exit code. @param client opened only when a subcommand runs */
export const linkerdTool = async (
  { words, flags }: Parsed,
  io: { out(text: string): void; err(text: string): void; client(): Promise<Client> },
): Promise<number> => {
  if (flags.help || words.length === 0) {
    io.out(usage())
    return 0
  }
  const entry = entries.find((each) => each.words.every((word, at) => words[at] === word))
  if (!entry) {
    io.err(`meshdojo: linkerd ${words.slice(0, 2).join(' ')} is not modelled.\n${usage()}`)
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
    return await entry.run(context, words.slice(entry.words.length))
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    io.err(`Error: ${error.message}\n`)
    return 1
  }
}
