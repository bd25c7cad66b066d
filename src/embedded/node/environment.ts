/**
 * A container's environment as the kubelet builds it: image, Service variables, `envFrom`, `env` with its sources.
 * Upstream: kubernetes/pkg/kubelet/kubelet_pods.go, pkg/kubelet/envvars. Not modelled: `resourceFieldRef` divisors,
 * `fileKeyRef`.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Container, Pod, Service } from '../../kube/kinds.ts'
import { nodeAddressOf } from '../bootstrap.ts'
import type { Registry } from '../registry.ts'
import type { Image } from '../workloads/workload.ts'

/** Something it refers to does not exist, or it asks for what is not allowed: the container waits with CreateContainerConfigError. */
export class ConfigError extends Error {}

interface KeyRef {
  name?: string
  key?: string
  optional?: boolean
}
interface Source {
  fieldRef?: { fieldPath?: string }
  configMapKeyRef?: KeyRef
  secretKeyRef?: KeyRef
  resourceFieldRef?: { containerName?: string; resource?: string }
}
interface FromSource {
  prefix?: string
  configMapRef?: KeyRef
  secretRef?: KeyRef
}

/** Expands `$(NAME)`; unknown names stay as written, `$$` is a dollar. */
export const expand = (text: string, env: Readonly<Record<string, string>>): string =>
  text.replace(/\$\$|\$\(([^()]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$' : (env[name] ?? whole),
  )

/** The text of a `fieldRef`; empty for what the pod does not have. */
export const podField = (pod: Pod, path: string): string => {
  const keyed = /^metadata\.(labels|annotations)\['([^']*)'\]$/.exec(path)
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? ''
  const values: Record<string, string | undefined> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'spec.nodeName': pod.spec.nodeName,
    'spec.serviceAccountName': pod.spec.serviceAccountName,
    'spec.restartPolicy': pod.spec.restartPolicy,
    'status.podIP': pod.status?.podIP,
    'status.podIPs': (pod.status?.podIPs ?? []).map(({ ip }) => ip).join(','),
    'status.hostIP': nodeAddressOf(pod.spec.nodeName),
    'status.hostIPs': nodeAddressOf(pod.spec.nodeName),
  }
  return values[path] ?? ''
}

const textOf = (object: KubeObject, key: string): string | undefined => {
  const data = (object.data ?? {}) as Record<string, string>
  const value = data[key]
  return value !== undefined && object.kind === 'Secret' ? Buffer.from(value, 'base64').toString('utf8') : value
}

const serviceVariables = (registry: Registry, pod: Pod): Record<string, string> => {
  const variables: Record<string, string> = {}
  const add = (service: Service): void => {
    const address = service.spec.clusterIP
    const ports = service.spec.ports ?? []
    const [first] = ports
    if (!address || address === 'None' || !first) return
    const name = service.metadata.name.toUpperCase().replaceAll('-', '_')
    variables[`${name}_SERVICE_HOST`] = address
    variables[`${name}_SERVICE_PORT`] = String(first.port)
    for (const port of ports)
      if (port.name)
        variables[`${name}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`] = String(port.port)
    variables[`${name}_PORT`] = `${(first.protocol ?? 'TCP').toLowerCase()}://${address}:${first.port}`
    for (const port of ports) {
      const protocol = port.protocol ?? 'TCP'
      const prefix = `${name}_PORT_${port.port}_${protocol}`
      variables[prefix] = `${protocol.toLowerCase()}://${address}:${port.port}`
      variables[`${prefix}_PROTO`] = protocol.toLowerCase()
      variables[`${prefix}_PORT`] = String(port.port)
      variables[`${prefix}_ADDR`] = address
    }
  }
  const services = { group: '', resource: 'services' }
  const apiServer = registry.get(services, 'kubernetes', 'default')
  if (apiServer) add(apiServer as Service)
  if (pod.spec.enableServiceLinks !== false)
    for (const service of registry.list(services, { namespace: pod.metadata.namespace })) add(service as Service)
  return variables
}

/** Throws `ConfigError` in the kubelet's words when a ConfigMap, Secret or key is not there. */
export const buildEnvironment = (
  registry: Registry,
  pod: Pod,
  container: Container,
  image: Image,
): Record<string, string> => {
  const namespace = pod.metadata.namespace
  const find = (resource: 'configmaps' | 'secrets', ref: KeyRef): KubeObject | undefined => {
    const found = registry.get({ group: '', resource }, ref.name ?? '', namespace)
    if (!found && !ref.optional)
      throw new ConfigError(`${resource === 'secrets' ? 'secret' : 'configmap'} "${ref.name}" not found`)
    return found
  }
  const keyed = (resource: 'configmaps' | 'secrets', ref: KeyRef): string | undefined => {
    const object = find(resource, ref)
    const value = object && textOf(object, ref.key ?? '')
    if (object && value === undefined && !ref.optional)
      throw new ConfigError(
        `couldn't find key ${ref.key} in ${resource === 'secrets' ? 'Secret' : 'ConfigMap'} ${namespace}/${ref.name}`,
      )
    return value
  }
  const env: Record<string, string> = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOSTNAME: pod.metadata.name,
    ...image.env,
    ...serviceVariables(registry, pod),
  }
  for (const from of (container.envFrom ?? []) as FromSource[]) {
    const object = from.configMapRef
      ? find('configmaps', from.configMapRef)
      : from.secretRef
        ? find('secrets', from.secretRef)
        : undefined
    for (const key of Object.keys((object?.data ?? {}) as Record<string, string>))
      if (object) env[`${from.prefix ?? ''}${key}`] = textOf(object, key) ?? ''
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const source = valueFrom as Source | undefined
    const found = source?.fieldRef
      ? podField(pod, source.fieldRef.fieldPath ?? '')
      : source?.configMapKeyRef
        ? keyed('configmaps', source.configMapKeyRef)
        : source?.secretKeyRef
          ? keyed('secrets', source.secretKeyRef)
          : source?.resourceFieldRef
            ? resourceField(pod, container, source.resourceFieldRef)
            : expand(value ?? '', env)
    if (found !== undefined) env[name] = found
  }
  env.HOME ??= '/root'
  return env
}

/** The amount that a `resourceFieldRef` names. */
export const resourceField = (pod: Pod, own: Container, ref: { containerName?: string; resource?: string }): string => {
  const container = pod.spec.containers.find(({ name }) => name === ref.containerName) ?? own
  const [kind = '', name = ''] = (ref.resource ?? '').split('.')
  const resources = container.resources as Record<string, Record<string, string>> | undefined
  const text = String(resources?.[kind]?.[name] ?? '')
  // Without a divisor CPUs are rounded up to whole ones.
  return name === 'cpu'
    ? String(Math.ceil(text.endsWith('m') ? Number.parseFloat(text) / 1000 : Number.parseFloat(text || '1')))
    : text || '0'
}
