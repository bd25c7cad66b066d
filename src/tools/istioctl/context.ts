/** What every subcommand of the simulated istioctl works with. */

import type { Client } from '../../kube/client.ts'
import { StatusError } from '../../kube/errors.ts'
import type { Pod } from '../../kube/kinds.ts'

export interface ToolContext {
  client: Client
  /** `-n`; absent: default. */
  namespace?: string
  allNamespaces: boolean
  /** `-o` */
  output?: string
  /** Further `--name value` flags. */
  flags: Readonly<Record<string, string>>
  out(text: string): void
  err(text: string): void
}

/** One subcommand: positional arguments in, exit code out. */
export type Subcommand = (context: ToolContext, args: readonly string[]) => Promise<number>

/** Something that istioctl says as `Error: …`, exit code 1. */
export class ToolError extends Error {
  override readonly name = 'ToolError'
}

/** Columns as Go's tabwriter pads them. */
export const table = (rows: readonly (readonly string[])[], gap: number): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + gap))).join(''),
    )
    .map((line) => `${line}\n`)
    .join('')
}

const ref = (namespace: string, name: string) => ({ apiVersion: 'v1', kind: 'Pod', namespace, name })

/** `pod`, `pod.namespace`, `deployment/name` or `deploy/name`. Throws `ToolError` when there is none. */
export const findPod = async (context: ToolContext, named: string | undefined): Promise<Pod> => {
  if (named === undefined) throw new ToolError('a pod is needed: <pod-name>[.<namespace>] or deployment/<name>')
  const home = context.namespace ?? 'default'
  const workload = /^(?:deploy|deployment|deployments)\/([^.]+)(?:\.(.+))?$/.exec(named)
  if (workload) {
    const namespace = workload[2] ?? home
    const { items } = await context.client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, { namespace })
    const found = items.find(({ metadata }) => {
      const hash = metadata.labels?.['pod-template-hash']
      return metadata.ownerReferences?.some(({ name }) => hash !== undefined && name === `${workload[1]}-${hash}`)
    })
    if (found) return found
    throw new ToolError(`deployments.apps "${workload[1]}" not found in namespace ${namespace}, or it has no pod`)
  }
  const dot = named.indexOf('.')
  const [name, namespace] = dot < 0 ? [named, home] : [named.slice(0, dot), named.slice(dot + 1)]
  const pod = await context.client.find<Pod>(ref(namespace, name))
  if (!pod) throw new ToolError(`pods "${name}" not found`)
  return pod
}

/** What the sidecar's Envoy answers, asked as the real istioctl asks: `pilot-agent request` in the pod. */
export const askProxy = async ({ client }: ToolContext, pod: Pod, path: string): Promise<string> => {
  const { name, namespace = 'default' } = pod.metadata
  const [out, err] = [new TextDecoder(), new TextDecoder()]
  let stdout = ''
  let stderr = ''
  const take = (chunk: Uint8Array): void => {
    stdout += out.decode(chunk, { stream: true })
  }
  const complain = (chunk: Uint8Array): void => {
    stderr += err.decode(chunk, { stream: true })
  }
  try {
    const { exitCode } = await client.cluster.exec(
      { namespace, pod: name, container: 'istio-proxy' },
      ['pilot-agent', 'request', 'GET', path],
      { stdout: take, stderr: complain },
    )
    if (exitCode === 0) return stdout
  } catch (error) {
    if (!(error instanceof StatusError)) throw error
    stderr = error.message
  }
  throw new ToolError(`failed to execute command on ${name}.${namespace} sidecar: ${stderr.trim()}`)
}
