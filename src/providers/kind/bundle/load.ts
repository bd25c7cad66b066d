/** A cluster from a bundle: what is loaded where, as steps around those of any cluster. */
import { readFileSync } from 'node:fs'
import { packagePath } from '../../../root.ts'
import { type Action, command, runs, type Step } from '../../steps.ts'
import type { ClusterSpec } from '../plan.ts'
import { imagesArchive, nodeArchive } from './contents.ts'
import { fullName } from './images.ts'

/** kind's names of a cluster's nodes: sigs.k8s.io/kind pkg/cluster/internal/providers/common/namer.go. */
const nodesOf = ({ name, mesh }: Pick<ClusterSpec, 'name' | 'mesh'>): string[] => {
  const config = readFileSync(packagePath(`kind-configs/${mesh}.yaml`), 'utf8')
  const workers = config.match(/role: worker/g)?.length ?? 0
  return [`${name}-control-plane`, ...Array.from({ length: workers }, (_, at) => `${name}-worker${at ? at + 1 : ''}`)]
}

const loadNode = ({ runtime }: ClusterSpec, folder: string, arch: string, node: string): Step => ({
  id: 'node-image',
  says: 'Load the node image of the bundle',
  actions: [runs('Load the node image', runtime, 'load', '--input', `${folder}/${nodeArchive(arch)}`)],
  done: [
    {
      command: command('Look for the node image', runtime, 'image', 'inspect', '--format', 'present', node),
      prints: { line: 'present' },
    },
  ],
  typically: 30,
})

const loadImages = (spec: ClusterSpec, folder: string, arch: string, images: readonly string[]): Step => ({
  id: 'images',
  says: 'Load the images of the bundle into the nodes',
  actions: [
    runs('Load images', 'kind', 'load', 'image-archive', `${folder}/${imagesArchive(arch)}`, '--name', spec.name),
  ],
  done: nodesOf(spec).map((node) => ({
    command: command(
      `List the images of ${node}`,
      spec.runtime,
      'exec',
      node,
      'ctr',
      '--namespace=k8s.io',
      'images',
      'ls',
      '--quiet',
    ),
    prints: { lines: images.map(fullName) },
  })),
  typically: 60,
})

/** Steps that read the bundle unpack it first, where it is not unpacked yet. */
const unpacking =
  (bundle: string, folder: string) =>
  (step: Step): Step => {
    const reads = (action: Action): boolean =>
      action.do === 'run' && action.command.run.some((word) => word.startsWith(`${folder}/`))
    if (!step.actions.some(reads)) return step
    return { ...step, actions: [{ do: 'unpack', bundle, folder }, ...step.actions] }
  }

/** Creating and installing, with what a bundle adds. */
export const withBundle = (spec: ClusterSpec, create: Step, rest: readonly Step[]): Step[] => {
  const { bundle } = spec
  if (!bundle) return [create, ...rest]
  const { file, folder, arch, node, images } = bundle
  return [loadNode(spec, folder, arch, node), create, loadImages(spec, folder, arch, images), ...rest].map(
    unpacking(file, folder),
  )
}
