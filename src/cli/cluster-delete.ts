/** `cluster delete`: removes a cluster that `cluster create` or `start --provider kind` made, and no other. */
import { describePlan } from '../providers/describe.ts'
import { allRecords } from '../providers/kind/files.ts'
import { planRemoval, removeCluster } from '../providers/kind/make.ts'
import { clusterName } from '../providers/kind/specify.ts'
import type { Provider } from '../providers/provider.ts'
import { stateFolder } from '../session/state-folder.ts'
import { parseMeshName, requireKind } from './cluster-create.ts'
import { exit, type Io, note, print, UsageError } from './io.ts'
import { watched } from './step-lines.ts'

export interface DeleteOptions {
  provider: Provider['name']
  name?: string
  mesh?: string
  dryRun?: boolean
}

/** Named by `--name`, or by the mesh whose usual cluster it is: never guessed. */
const named = (folder: string, { name, mesh }: DeleteOptions): string => {
  if (name !== undefined) return name
  if (mesh !== undefined) return clusterName(parseMeshName(mesh), undefined)
  const known = allRecords(folder).map((each) => each.name)
  throw new UsageError(
    `which cluster? Name it with --name; there ${known.length ? `are ${known.join(', ')}` : 'is none'}`,
  )
}

export const remove = async (io: Io, options: DeleteOptions): Promise<number> => {
  requireKind('delete', options.provider)
  const kind = { stateFolder: stateFolder(io.env), env: io.env }
  const name = named(kind.stateFolder, options)
  const { plan, forgets } = planRemoval(kind, name)
  if (options.dryRun) {
    print(io, `${describePlan(plan)}\n   remove the folder ${forgets}`)
    return exit.passed
  }
  const removed = await watched(io, 'the same command goes on', (watching) => removeCluster(kind, name, watching))
  if (!removed) return exit.interrupted
  note(io, `${removed.name} is removed`)
  return exit.passed
}
