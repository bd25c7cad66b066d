/** The programs that real clusters need: how each says its version, and which ones will do. */
import type { LabSpec } from '../../provider.ts'

export type MeshName = LabSpec['mesh']

export interface Tool {
  name: string
  /** Arguments that print the version. */
  ask: readonly string[]
  /** From this version on, below that one. */
  from: string
  below?: string
  what: string
  /** Where it comes from. */
  get: string
}

/** One tested version per mesh; a lab may name another. The tool of a mesh installs its own version. */
export const meshVersions: Record<MeshName, string> = {
  // Tag 1.30.3 of istio/istio, 2026-07-16.
  istio: '1.30.3',
  // Linkerd 2.20, announced as edge-26.6.3.
  linkerd: '26.6.3',
  cilium: '1.20.1',
  consul: '2.0.3',
}

/** Linkerd 2.20 takes Gateway API 1.2.1 to 1.5.1. */
export const gatewayApiVersion = '1.2.1'

export const kind: Tool = {
  name: 'kind',
  ask: ['version'],
  // The first release that was made with the pinned node image.
  from: '0.31.0',
  what: 'makes real clusters',
  get: 'kind.sigs.k8s.io/docs/user/quick-start',
}
export const kubectl: Tool = {
  name: 'kubectl',
  ask: ['version', '--client'],
  from: '1.27.0',
  what: 'installs and waits, as in the exam',
  get: 'kubernetes.io/docs/tasks/tools',
}
export const helm: Tool = {
  name: 'helm',
  ask: ['version', '--short'],
  from: '3.14.0',
  what: 'installs a mesh whose own tool is missing, and what is in a bundle',
  get: 'helm.sh/docs/intro/install',
}

/** `1.30.3` → `1.30`. */
const minorOf = (version: string): string => version.split('.').slice(0, 2).join('.')
const nextMinor = (version: string): string => {
  const [major, minor] = version.split('.').map(Number)
  return `${major}.${minor! + 1}.0`
}

/** The mesh's own tool, for one version of the mesh. */
export const meshTool = (mesh: MeshName, version: string): Tool => {
  switch (mesh) {
    case 'istio':
      return {
        name: 'istioctl',
        ask: ['version', '--remote=false'],
        from: `${minorOf(version)}.0`,
        below: nextMinor(version),
        what: 'installs Istio',
        get: 'istio.io/latest/docs/ops/diagnostic-tools/istioctl',
      }
    case 'linkerd':
      return {
        name: 'linkerd',
        ask: ['version', '--client', '--short'],
        from: version,
        below: nextMinor(version),
        what: 'installs Linkerd',
        get: 'linkerd.io/2-edge/getting-started',
      }
    case 'cilium':
      // Numbers of the command line are its own; it is told which Cilium to install.
      return {
        name: 'cilium',
        ask: ['version', '--client'],
        from: '0.18.0',
        what: 'installs Cilium',
        get: 'docs.cilium.io/en/stable/gettingstarted/k8s-install-default',
      }
    case 'consul':
      return {
        name: 'consul-k8s',
        ask: ['version'],
        from: `${minorOf(version)}.0`,
        below: nextMinor(version),
        what: 'installs Consul',
        get: 'developer.hashicorp.com/consul/docs/k8s/installation/install-cli',
      }
  }
}

/** Compares versions of numbers and dots: negative, zero, positive. */
const compareVersions = (one: string, other: string): number => {
  const [left, right] = [one, other].map((version) => version.split('.').map(Number))
  for (let index = 0; index < 3; index++) {
    const difference = (left![index] ?? 0) - (right![index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** `1.30.0 or newer, below 1.31.0` */
export const wanted = ({ from, below }: Tool): string => `${from} or newer${below ? `, below ${below}` : ''}`

export const isGoodEnough = ({ from, below }: Tool, version: string): boolean =>
  compareVersions(version, from) >= 0 && (below === undefined || compareVersions(version, below) < 0)
