/** `cluster serve`: an embedded cluster in the foreground, for kubectl and for the TUI's provider. */
import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { didYouMean } from '../content/nearest.ts'
import { writeKubeconfig } from '../kube/kubeconfig.ts'
import type { MeshName } from '../meshes/mesh.ts'
import { claimKubeconfig } from '../providers/claim.ts'
import { stateFolder } from '../session/state-folder.ts'
import { exit, type Io, note, print, UsageError, untilInterrupted } from './io.ts'
import { knownMeshes, loadMesh } from './meshes.ts'

export interface ServeOptions {
  mesh?: string
  lab?: string
  scenario?: string
  kubeconfig?: string
  port?: string
  untilStdinEnds?: boolean
}

const parsePort = (text: string | undefined): number => {
  if (text === undefined) return 0
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw new UsageError(`--port ${text}: a number from 0 to 65535 is expected`)
  return port
}

const parseMesh = (name: string): MeshName => {
  const known = knownMeshes.find((each) => each === name)
  if (!known) {
    throw new UsageError(
      `there is no mesh "${name}" yet${didYouMean(name, knownMeshes)}; meshes are ${knownMeshes.join(', ')}`,
    )
  }
  return known
}

/** The lab that is asked for, with its objects; undefined when none is. */
const chooseLab = async ({ lab, scenario }: ServeOptions) => {
  if (lab === undefined && scenario === undefined) return undefined
  const { labObjects, loadLab, loadScenario } = await import('../content/load.ts')
  const found = scenario === undefined ? await loadLab(lab!) : await loadScenario(scenario)
  const { name, mesh } = found.lab.metadata
  return { name, mesh, objects: await labObjects(found) }
}

/** Resolves when nobody holds the other end any more. */
const stdinEnded = (io: Io): Promise<void> =>
  new Promise((ended) => {
    io.stdin.once('end', ended).once('close', ended).once('error', ended).resume()
  })

export const serve = async (io: Io, options: ServeOptions): Promise<number> => {
  const port = parsePort(options.port)
  const interrupted = untilInterrupted(io)
  const orphaned = options.untilStdinEnds ? stdinEnded(io) : new Promise<never>(() => {})
  const [lab, { openEmbedded }, { serve: listen }] = await Promise.all([
    chooseLab(options),
    import('./embedded-lab.ts'),
    import('../embedded/server.ts'),
  ])
  const meshName = parseMesh(options.mesh ?? lab?.mesh ?? 'istio')
  if (lab && lab.mesh !== meshName) {
    throw new UsageError(`the lab ${lab.name} is for ${lab.mesh}, not for ${meshName}: leave --mesh out`)
  }
  const embedded = await openEmbedded(await loadMesh(meshName), lab)
  const name = lab?.name ?? 'cluster'
  const served = await listen(embedded, { port, name: `meshdojo-${name}` }).catch((error: NodeJS.ErrnoException) => {
    embedded.stop()
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
    const problem = error.code === 'EACCES' ? 'may not be used' : 'is in use'
    throw new UsageError(`port ${port} ${problem}: choose another, or leave --port out for a free one`)
  })
  const claim =
    options.kubeconfig === undefined ? await claimKubeconfig(join(stateFolder(io.env), 'clusters'), name) : undefined
  const path = claim?.kubeconfig ?? resolve(io.cwd, options.kubeconfig!)
  try {
    await writeKubeconfig(path, served.kubeconfig).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(
        `--kubeconfig ${options.kubeconfig} cannot be written (${error.code}): name a file in a folder that exists`,
      )
    })
    print(io, `ready ${path}`)
    if (io.stdout.isTTY) note(io, `export KUBECONFIG=${path}\nctrl-c ends the cluster`)
    await Promise.race([interrupted, orphaned])
    return exit.passed
  } finally {
    rmSync(path, { force: true })
    await claim?.release()
    await served.close()
    embedded.stop()
  }
}
