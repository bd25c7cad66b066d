/** The cluster that `check`, `why` and `matrix` look at: never the learner's own by accident. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { didYouMean } from '../content/nearest.ts'
import { type Client, createClient } from '../kube/client.ts'
import { kubeconfigPath } from '../kube/kubeconfig.ts'
import { connect, type RemoteCluster } from '../kube/transport.ts'
import { runningLabs } from '../providers/claim.ts'
import { allRecords, filesOf } from '../providers/kind/files.ts'
import { stateFolder } from '../session/state-folder.ts'
import { type Io, UsageError } from './io.ts'

const madeByKind = (folder: string): string[] =>
  allRecords(folder)
    .filter(({ complete }) => complete)
    .map(({ name }) => filesOf(folder, name).kubeconfig)

const namesBeside = (path: string): string[] => {
  try {
    return readdirSync(dirname(path))
  } catch {
    return []
  }
}

/**
 * `--kubeconfig`, else `$KUBECONFIG`, else the one lab that is running, else the one cluster that kind made. `~/.kube/config` is not looked at: that is the
 * learner's own. Throws `UsageError`.
 */
export const findKubeconfig = (io: Io, option: string | undefined): string => {
  const named = option ?? (io.env.KUBECONFIG ? kubeconfigPath(io.env.KUBECONFIG) : undefined)
  if (named !== undefined) {
    const path = resolve(io.cwd, named)
    if (!existsSync(path)) {
      const says = `there is no kubeconfig ${named}${didYouMean(basename(path), namesBeside(path))}`
      throw new UsageError(`${says}: start a cluster with "meshdojo cluster serve --kubeconfig ${named}"`)
    }
    return path
  }
  const labs = runningLabs(join(stateFolder(io.env), 'clusters'))
  // Real clusters stay when their lesson ends: they count where nothing runs now.
  const running = labs.length ? labs : madeByKind(stateFolder(io.env))
  if (running.length === 1) return running[0]!
  throw new UsageError(
    running.length
      ? `several labs are running: choose one with --kubeconfig (${running.join(', ')})`
      : 'which cluster? Name its kubeconfig with --kubeconfig, or start one with "meshdojo cluster serve" or the TUI',
  )
}

/** Connects, and makes sure that somebody answers. Throws `UsageError`, `ClusterUnreachable`. */
export const openTarget = async (
  io: Io,
  option: string | undefined,
): Promise<{ cluster: RemoteCluster; client: Client }> => {
  const cluster = await connect(findKubeconfig(io, option))
  return { cluster, client: createClient(cluster) }
}
