/** `tool`: command line tools of a mesh, as far as labs use them, for who has not got the real ones. */
import { createClient } from '../kube/client.ts'
import { connect, type RemoteCluster } from '../kube/transport.ts'
import { type Io, UsageError } from './io.ts'
import { findKubeconfig } from './target.ts'

const tools = {
  istioctl: async () => (await import('../tools/istioctl/index.ts')).istioctl,
  linkerd: async () => (await import('../tools/linkerd/index.ts')).linkerdTool,
}
const isTool = (name: string): name is keyof typeof tools => Object.hasOwn(tools, name)

export const tool = async (io: Io, name: string, argv: readonly string[]): Promise<number> => {
  if (!isTool(name)) throw new UsageError(`there is no tool "${name}": there are ${Object.keys(tools).join(' and ')}`)
  const [run, { parseArguments }] = await Promise.all([tools[name](), import('../tools/istioctl/index.ts')])
  const parsed = parseArguments(argv)
  let cluster: RemoteCluster | undefined
  try {
    return await run(parsed, {
      out: (text) => void io.stdout.write(text),
      err: (text) => void io.stderr.write(text),
      async client() {
        cluster = await connect(findKubeconfig(io, parsed.flags.kubeconfig))
        return createClient(cluster)
      },
    })
  } finally {
    cluster?.close()
  }
}
