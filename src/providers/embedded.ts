/**
 * The embedded cluster as a process of its own: this same program with `cluster serve`, told to end when its standard
 * input does. So it is gone when we are, by whatever means we went.
 */
import { join } from 'node:path'
import { findSnapshot } from '../content/lab-snapshots.ts'
import { createClient } from '../kube/client.ts'
import { seedLab } from '../kube/seed.ts'
import { startOwned } from '../shell/child.ts'
import { claimKubeconfig } from './claim.ts'
import type { OpenLab, Provider } from './provider.ts'

export interface EmbeddedOptions {
  /** Where kubeconfigs of running labs lie. */
  stateFolder: string
  /** How to start this program: `[node, bin/meshdojo.js]`. */
  program: readonly [string, ...string[]]
  env?: NodeJS.ProcessEnv
}

export const createEmbeddedProvider = ({ stateFolder, program, env }: EmbeddedOptions): Provider => ({
  name: 'embedded',

  async open(lab, { signal, onProgress }): Promise<OpenLab> {
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
      const from = snapshot === undefined ? [] : ['--snapshot', snapshot]
      const serve = ['--mesh', lab.mesh, ...from, '--kubeconfig', claim.kubeconfig, '--until-stdin-ends']
      const child = await startOwned(
        { run: [...program, 'cluster', 'serve', ...serve], says: 'Start the embedded cluster' },
        env,
      )
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
