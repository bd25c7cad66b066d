/** `matrix`: every workload to every service, as the engine reads the cluster. */
import { matrix as reach } from '../grading/matrix.ts'
import { readWorld } from '../grading/world.ts'
import { exit, type Io, print, printJson } from './io.ts'
import { detectMesh, loadMesh } from './meshes.ts'
import { formatTable } from './table.ts'
import { openTarget } from './target.ts'

const legend =
  'M mTLS   T one-way TLS   P plaintext   x denied (403)   r refused   ~ dropped   e unreachable   . itself   ? not known'

export const matrix = async (io: Io, options: { kubeconfig?: string; json?: boolean }): Promise<number> => {
  const { cluster, client } = await openTarget(io, options.kubeconfig)
  try {
    const name = await detectMesh(client)
    const found = reach(await readWorld(cluster, name && (await loadMesh(name)), { client }))
    if (options.json) printJson(io, found)
    else if (found.sources.length === 0 || found.targets.length === 0) print(io, 'nothing runs in this cluster')
    else {
      const rows = found.sources.map((source, row) => [source, ...found.cells[row]!.map(({ letter }) => letter)])
      print(io, `${formatTable([['FROM \\ TO', ...found.targets], ...rows])}\n\n${legend}`)
    }
    return exit.passed
  } finally {
    cluster.close()
  }
}
