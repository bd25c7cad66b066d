/** `tool`: command line tools of a mesh, as far as labs use them, for who has not got the real ones. */
import { createClient } from '../kube/client.ts'
import { connect, type RemoteCluster } from '../kube/transport.ts'
import { type Io, UsageError } from './io.ts'
import { findKubeconfig } from './target.ts'

export const tool = async (io: Io, name: string, argv: readonly string[]): Promise<number> => {
  if (name !== 'istioctl') throw new UsageError(`there is no tool "${name}": istioctl is the one there is`)
  const { istioctl, parseArguments } = await import('../tools/istioctl/index.ts')
  const parsed = parseArguments(argv)
  let cluster: RemoteCluster | undefined
  try {
    return await istioctl(parsed, {
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
