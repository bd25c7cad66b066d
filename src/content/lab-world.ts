/** What a lab's manifests offer to checks: workloads to ask from, Services to ask. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { KubeObject } from '../kube/api.ts'
import type { Service } from '../kube/kinds.ts'
import { parseManifests } from '../kube/manifests.ts'
import { parseTarget } from '../meshes/network.ts'
import { didYouMean } from './nearest.ts'
import type { Lab } from './schema.ts'

export interface LabWorld {
  /** `namespace/name` */
  workloads: ReadonlySet<string>
  unknownWorkload(workload: string): string
  /** What is wrong with a URL as the target of a check; undefined: nothing. */
  problemOfUrl(url: string): string | undefined
}

const workloadKinds = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'Pod', 'Job', 'ReplicaSet'])

const isService = (object: KubeObject): object is Service => object.kind === 'Service'

/** The Service and namespace of a host as labs write it: `orders.production`, with or without the cluster's domain. */
const serviceOf = (host: string): string | undefined => {
  const [name, namespace, ...rest] = host.replace(/\.$/, '').split('.')
  const isInside = rest.length === 0 || ['svc', 'svc.cluster.local'].includes(rest.join('.'))
  return name !== undefined && namespace !== undefined && isInside ? `${namespace}/${name}` : undefined
}

/** Reads the manifests that there are; those that do not parse are reported elsewhere. `more`: the scenario's own. */
export const readLabWorld = (lab: Lab, folder: string, more: readonly string[] = []): LabWorld => {
  const parse = (read: () => string): KubeObject[] => {
    try {
      return parseManifests(read()).objects.map(({ object }) => object)
    } catch {
      return []
    }
  }
  const own = lab.spec.manifests.flatMap((name) => parse(() => readFileSync(join(folder, name), 'utf8')))
  // The scenario's own come later and replace what the lab has under the same name.
  const objects = [...own, ...more.flatMap((text) => parse(() => text))]
  const placed = ({ metadata }: KubeObject): string => `${metadata.namespace ?? 'default'}/${metadata.name}`
  const workloads = new Set(objects.filter(({ kind }) => workloadKinds.has(kind)).map(placed))
  const services = new Map(objects.filter(isService).map((service) => [placed(service), service]))
  const namespaces = new Set(objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name))

  return {
    workloads,
    unknownWorkload: (workload) =>
      `the lab ${lab.metadata.name} has no workload ${workload}${didYouMean(workload, [...workloads])}`,
    problemOfUrl: (url) => {
      const target = parseTarget(url)
      if (target === undefined) return `"${url}" is not a URL: http://service.namespace/path is expected`
      const key = serviceOf(target.host)
      if (key === undefined) return undefined
      const service = services.get(key)
      const [namespace = ''] = key.split('/')
      // Another namespace may come with a later step, or with the mesh.
      if (service === undefined)
        return namespaces.has(namespace)
          ? `the lab ${lab.metadata.name} has no Service ${key}${didYouMean(key, [...services.keys()])}`
          : undefined
      const ports = service.spec.ports?.map(({ port }) => port) ?? []
      return ports.includes(target.port)
        ? undefined
        : `Service ${key} has no port ${target.port}; it has ${ports.join(', ')}`
    },
  }
}
