/** What `cluster create` does, as data: the same list is shown by `--dry-run` and run otherwise. */
import { packagePath } from '../../root.ts'
import type { LabSpec } from '../provider.ts'
import { type Asked, command, labStep, type Plan, runs, type Step } from '../steps.ts'
import { withBundle } from './bundle/load.ts'
import { filesIn } from './files.ts'
import { type InstallSpec, installSteps } from './install/install.ts'
import type { MeshName } from './install/tools.ts'

/** kind drives all three; the last two by an environment variable. */
export const runtimes = ['docker', 'podman', 'nerdctl'] as const
export type Runtime = (typeof runtimes)[number]

export interface ClusterSpec extends Omit<InstallSpec, 'cluster'> {
  /** `meshdojo-istio` */
  name: string
  mesh: MeshName
  runtime: Runtime
  /** The cluster's own kubeconfig: never the learner's. */
  kubeconfig: string
  /** Put in at the end. */
  lab?: LabSpec
}

/** A cluster of a bundle runs this name of the node image: nothing that is pulled is called so. */
export const bundledNode = (image: string): string =>
  `docker.io/kindest/node:meshdojo-${image.replace(/^.*@sha256:/, '').slice(0, 12)}`

/** What every file of `kind-configs/` names: the default of kind v0.31.0. */
export const nodeImage = 'kindest/node:v1.35.0@sha256:452d707d4862f52530247495d180205e029056831160e22870e37e3f6c1ac31f'

/** Everything that is started for a cluster sees this kubeconfig and no other. */
export const clusterEnvironment = ({ runtime, kubeconfig }: Pick<ClusterSpec, 'runtime' | 'kubeconfig'>) => ({
  KUBECONFIG: kubeconfig,
  ...(runtime === 'docker' ? {} : { KIND_EXPERIMENTAL_PROVIDER: runtime }),
})

/** kind knows the cluster, whatever state it is in. */
const isListed = (name: string): Asked => ({
  command: command('Ask kind for its clusters', 'kind', 'get', 'clusters'),
  prints: { line: name },
})

const answers: Asked = {
  command: command(
    'Ask the API server whether it is ready',
    'kubectl',
    'get',
    '--raw',
    '/readyz',
    '--request-timeout=5s',
  ),
  prints: { line: 'ok' },
}

const create = ({ name, mesh, kubeconfig, bundle }: ClusterSpec): Step => ({
  id: 'create',
  says: `Create the cluster ${name}`,
  actions: [
    runs(
      `Create ${name}`,
      'kind',
      'create',
      'cluster',
      '--name',
      name,
      '--config',
      packagePath(`kind-configs/${mesh}.yaml`),
      '--kubeconfig',
      kubeconfig,
      ...(bundle ? ['--image', bundle.node] : []),
      // Without a CNI no node becomes ready.
      ...(mesh === 'cilium' ? [] : ['--wait', '180s']),
    ),
  ],
  done: [isListed(name), answers],
  half: {
    test: isListed(name),
    clean: command('Remove what is half-made', 'kind', 'delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig),
    lost: `${name} was made and does not answer: start its nodes (they are containers named ${name}-…), or remove it with "meshdojo cluster delete --name ${name}"`,
  },
  typically: 90,
})

/** The whole of it, in order. */
export const planCluster = (spec: ClusterSpec): Plan => {
  const lab = spec.lab === undefined ? [] : [labStep(spec.lab)]
  const { record, log, child, claim, times } = filesIn(spec.folder)
  return {
    says: `${spec.name}: ${spec.mesh} ${spec.version}, by ${spec.by === 'tool' ? "the mesh's own tool" : 'Helm'}, on ${spec.runtime}${spec.bundle ? `, from ${spec.bundle.file}` : ''}`,
    env: clusterEnvironment(spec),
    files: [claim, record, log, child, times],
    steps: withBundle(spec, create(spec), [...installSteps(spec.mesh, { ...spec, cluster: spec.name }), ...lab]),
  }
}

export const planDelete = (name: string, runtime: Runtime, kubeconfig: string): Plan => ({
  says: `Remove ${name}`,
  env: clusterEnvironment({ runtime, kubeconfig }),
  steps: [
    {
      id: 'delete',
      says: `Remove the cluster ${name}`,
      actions: [runs(`Remove ${name}`, 'kind', 'delete', 'cluster', '--name', name, '--kubeconfig', kubeconfig)],
      done: [],
      typically: 10,
    },
  ],
})
