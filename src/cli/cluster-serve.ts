/** `cluster serve`: an embedded cluster in the foreground, for kubectl and for the TUI's provider. */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { didYouMean } from '../content/nearest.ts'
import type { EmbeddedCluster } from '../embedded/cluster.ts'
import { writeKubeconfig } from '../kube/kubeconfig.ts'
import type { MeshName } from '../meshes/mesh.ts'
import { claimKubeconfig } from '../providers/claim.ts'
import { stateFolder } from '../session/state-folder.ts'
import { contentRoots } from './content.ts'
import { exit, type Io, note, print, UsageError, untilInterrupted } from './io.ts'
import { knownMeshes, loadMesh } from './meshes.ts'
import { requireNeeds } from './needs.ts'

export interface ServeOptions {
  mesh?: string
  lab?: string
  scenario?: string
  content?: string
  kubeconfig?: string
  port?: string
  untilStdinEnds?: boolean
  /** The file of a lab's snapshot to go on from, with `mesh`: for the TUI, which has the lab already. */
  snapshot?: string
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
const chooseLab = async (io: Io, { lab, scenario, content }: ServeOptions) => {
  if (lab === undefined && scenario === undefined) return undefined
  const { labObjects, loadLab, loadScenario } = await import('../content/load.ts')
  const roots = contentRoots(io, content)
  const found = scenario === undefined ? await loadLab(lab!, roots) : await loadScenario(scenario, roots)
  const { name, mesh } = found.lab.metadata
  return { name, mesh, objects: await labObjects(found) }
}

/** Resolves when nobody holds the other end any more. */
const stdinEnded = (io: Io): Promise<void> =>
  new Promise((ended) => {
    io.stdin.once('end', ended).once('close', ended).once('error', ended).resume()
  })

/** A file that something else wrote stays as it is: it could be the learner's own kubeconfig. */
const requireOurs = (path: string): void => {
  if (!existsSync(path)) return
  if (/^current-context: meshdojo-/m.test(readFileSync(path, 'utf8'))) return
  throw new UsageError(`${path} is there already and is not a lab's kubeconfig: name another file`)
}

/** Listens, tells where, and stays until `ended`. */
const stay = async (
  io: Io,
  embedded: EmbeddedCluster,
  { name, port, kubeconfig }: { name: string; port: number; kubeconfig?: string },
  ended: Promise<void>,
): Promise<void> => {
  const { serve: listen } = await import('../embedded/server.ts')
  const served = await listen(embedded, { port, name: `meshdojo-${name}` }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error
    const problem = error.code === 'EACCES' ? 'may not be used' : 'is in use'
    throw new UsageError(`port ${port} ${problem}: choose another, or leave --port out for a free one`)
  })
  const claim =
    kubeconfig === undefined ? await claimKubeconfig(join(stateFolder(io.env), 'clusters'), name) : undefined
  const path = claim?.kubeconfig ?? resolve(io.cwd, kubeconfig!)
  try {
    await writeKubeconfig(path, served.kubeconfig).catch((error: NodeJS.ErrnoException) => {
      throw new UsageError(
        `the kubeconfig ${path} cannot be written (${error.code}): name a file in a folder that exists`,
      )
    })
    print(io, `ready ${path}`)
    if (io.stdout.isTTY) note(io, `export KUBECONFIG=${path}\nctrl-c ends the cluster`)
    await ended
    rmSync(path, { force: true })
  } finally {
    await claim?.release()
    await served.close()
  }
}

export const serve = async (io: Io, options: ServeOptions): Promise<number> => {
  const port = parsePort(options.port)
  if (options.kubeconfig === undefined) requireNeeds(io)
  else requireOurs(resolve(io.cwd, options.kubeconfig))
  const ending = new AbortController()
  const ended = Promise.race([untilInterrupted(io), ...(options.untilStdinEnds ? [stdinEnded(io)] : [])]).then(() =>
    ending.abort(),
  )
  const [lab, { openEmbedded, resumeEmbedded }] = await Promise.all([
    chooseLab(io, options),
    import('./embedded-lab.ts'),
  ])
  const mesh = parseMesh(options.mesh ?? lab?.mesh ?? 'istio')
  if (lab && lab.mesh !== mesh) {
    throw new UsageError(`the lab ${lab.name} is for ${lab.mesh}, not for ${mesh}: leave --mesh out`)
  }
  try {
    const engine = await loadMesh(mesh)
    const embedded = await (options.snapshot !== undefined && engine
      ? resumeEmbedded(engine, options.snapshot)
      : openEmbedded(engine, lab, { signal: ending.signal }))
    try {
      await stay(io, embedded, { name: lab?.name ?? 'cluster', port, kubeconfig: options.kubeconfig }, ended)
    } finally {
      embedded.stop()
    }
    return exit.passed
  } catch (error) {
    // Ended before it was ready: that is an ending like any other.
    if (ending.signal.aborted) return exit.passed
    throw error
  }
}
