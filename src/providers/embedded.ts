/**
 * The embedded cluster as a process of its own: this same program with `cluster serve`, told to end when its standard
 * input does. So it is gone when we are, by whatever means we went.
 */
import { join } from 'node:path'
import { findSnapshot } from '../content/lab-snapshots.ts'
import { createClient } from '../kube/client.ts'
import { seedLab } from '../kube/seed.ts'
import { startOwned } from '../shell/child.ts'
import type { Command } from '../shell/run.ts'
import { claimKubeconfig, kubeconfigOf } from './claim.ts'
import type { LabSpec, OpenLab, Provider } from './provider.ts'
import { labStep, type Plan, type Step } from './steps.ts'

export interface EmbeddedOptions {
  /** Where kubeconfigs of running labs lie. */
  stateFolder: string
  /** How to start this program: `[node, bin/meshdojo.js]`. */
  program: readonly [string, ...string[]]
  env?: NodeJS.ProcessEnv
}

/** The cluster with the mesh; with the lab too where the build has a snapshot of it. */
const serve = (
  program: EmbeddedOptions['program'],
  mesh: string,
  kubeconfig: string,
  snapshot: string | undefined,
): Command => ({
  run: [
    ...program,
    ...['cluster', 'serve', '--mesh', mesh],
    ...(snapshot === undefined ? [] : ['--snapshot', snapshot]),
    ...['--kubeconfig', kubeconfig, '--until-stdin-ends'],
  ],
  says: 'Start the embedded cluster',
})

/** What `--dry-run` tells: the process, and the lab where it is not in the snapshot. */
const planEmbedded = ({ stateFolder, program }: EmbeddedOptions, lab: LabSpec): Plan => {
  const snapshot = findSnapshot(lab)
  const kubeconfig = kubeconfigOf(join(stateFolder, 'clusters'), lab.name)
  const command = serve(program, lab.mesh, kubeconfig, snapshot)
  const start: Step = {
    id: 'serve',
    says: `${command.says}${snapshot === undefined ? '' : `, with the lab ${lab.name} in it`}`,
    actions: [{ do: 'run', command }],
    done: [],
    typically: 1,
  }
  return {
    says: 'an embedded cluster, in a process that ends with this program',
    env: {},
    files: [kubeconfig],
    steps: snapshot === undefined ? [start, labStep(lab, [])] : [start],
  }
}

export const createEmbeddedProvider = (options: EmbeddedOptions): Provider => ({
  name: 'embedded',

  plan: async (lab) => planEmbedded(options, lab),

  async open(lab, { signal, onProgress }): Promise<OpenLab> {
    const { stateFolder, program, env } = options
    const claim = await claimKubeconfig(join(stateFolder, 'clusters'), lab.name)
    const undo: (() => Promise<void> | void)[] = [claim.release]
    let closing: Promise<void> | undefined
    const close = (): Promise<void> => {
      closing ??= (async () => {
        for (const step of undo.toReversed()) await step()
      })()
      return closing
    }

    const onAbort = (): void => void close()
    signal?.addEventListener('abort', onAbort)
    try {
      signal?.throwIfAborted()
      onProgress?.('Starting the cluster')
      const snapshot = findSnapshot(lab)
      const child = await startOwned(serve(program, lab.mesh, claim.kubeconfig, snapshot), env)
      undo.push(() => child.stop())
      signal?.throwIfAborted()
      // Node's HTTP client is slow to load, and the cluster is slow to start: both at once, and not before the first paint.
      const connecting = import('../kube/transport.ts')
      await child.line(/^ready /)
      const { connect } = await connecting
      const cluster = await connect(claim.kubeconfig)
      undo.push(() => cluster.close())
      if (snapshot === undefined) {
        onProgress?.(`Putting ${lab.name} in`)
        await seedLab(cluster, lab, { signal, client: createClient(cluster) })
      }
      return { cluster, kubeconfig: claim.kubeconfig, close }
    } catch (error) {
      await close()
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
  },
})
