/**
 * Allocates what a Service needs: a cluster IP of 10.96.0.0/12 and node ports of 30000-32767. What is in use is read off
 * the stored Services, so an address is free again as soon as its Service is gone. Not modelled: IPv6 and dual stack.
 */
import { isIP } from 'node:net'
import type { KubeObject } from '../../kube/api.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { field, invalid } from '../apiserver/errors.ts'
import type { FieldError } from '../kinds/kind.ts'
import type { ServiceObject } from '../kinds/types.ts'
import type { Registry } from '../registry.ts'

type Spec = NonNullable<ServiceObject['spec']>

const services = { group: '', resource: 'services' }
const serviceKind = { group: '', kind: 'Service' }
const firstPort = 30_000
const lastPort = 32_767
/** 10.96.0.0/12 as numbers; the first 256 are kept for addresses that somebody names, as a real allocator does. */
const base = (10 << 24) | (96 << 16)
const size = 1 << 20
const reserved = 256

const format = (offset: number): string => {
  const address = base + offset
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.')
}

const offsetOf = (ip: string): number | undefined => {
  const parts = ip.split('.').map(Number)
  const [a, b = 0, c = 0, d = 0] = parts
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined
  return a === 10 && b >= 96 && b < 112 ? ((b - 96) << 16) | (c << 8) | d : undefined
}

/** A start that looks random but is the same in every run: the name decides. */
const spread = (text: string): number => {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash
}

const firstFree = <T>(start: number, count: number, make: (index: number) => T, taken: ReadonlySet<T>): T => {
  for (let tries = 0; tries < count; tries++) {
    const candidate = make((start + tries) % count)
    if (!taken.has(candidate)) return candidate
  }
  return make(start % count)
}

const needsNodePorts = (spec: Spec): boolean =>
  spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)

export const serviceAddressesPlugin = (registry: Registry): AdmissionPlugin => {
  const others = (self: KubeObject): ServiceObject[] =>
    registry.list(services, { where: (object) => object.metadata.uid !== self.metadata.uid })

  const clusterIp = (service: ServiceObject, spec: Spec): FieldError[] => {
    const asked = spec.clusterIP || spec.clusterIPs?.[0]
    const taken = new Set(others(service).map((other) => other.spec?.clusterIP ?? ''))
    const { namespace, name } = service.metadata
    const refuse = (says: string) => [
      field.invalid('spec.clusterIPs', [asked], `failed to allocate IP ${asked}: ${says}`),
    ]
    // Validation comes after and refuses what is no address.
    if (asked && asked !== 'None' && isIP(asked) === 0) return []
    if (asked && asked !== 'None') {
      const offset = offsetOf(asked)
      if (offset === undefined) {
        return refuse('the provided network does not match the current range')
      }
      if (taken.has(asked)) return refuse('provided IP is already allocated')
    }
    const start = spread(`${namespace}/${name}`)
    const free = () => firstFree(start, size - reserved - 1, (index) => format(reserved + index), taken)
    const ip = asked || free()
    spec.clusterIP = ip
    spec.clusterIPs = [ip]
    return []
  }

  const nodePorts = (service: ServiceObject, spec: Spec, before: Spec | undefined): FieldError[] => {
    const key = (port: { port?: number; protocol?: string }) => `${port.protocol}/${port.port}`
    const kept = new Map((before?.ports ?? []).map((port) => [key(port), port.nodePort]))
    const taken = new Set(
      others(service).flatMap((other) => (other.spec?.ports ?? []).map((port) => port.nodePort ?? 0)),
    )
    const errors: FieldError[] = []
    ;(spec.ports ?? []).forEach((port, index) => {
      const asked = port.nodePort || kept.get(key(port))
      const at = `spec.ports[${index}].nodePort`
      if (asked && (asked < firstPort || asked > lastPort)) {
        const says = `provided port is not in the valid range. The range of valid ports is ${firstPort}-${lastPort}`
        errors.push(field.invalid(at, asked, says))
      } else if (asked && taken.has(asked)) {
        errors.push(field.invalid(at, asked, 'provided port is already allocated'))
      } else {
        const start = spread(`${service.metadata.namespace}/${service.metadata.name}/${key(port)}`)
        port.nodePort = asked || firstFree(start, lastPort - firstPort + 1, (offset) => firstPort + offset, taken)
        taken.add(port.nodePort)
      }
    })
    return errors
  }

  return {
    name: 'ServiceAddresses',
    mutate: ({ operation, group, resource, subresource, object, oldObject }) => {
      if (operation === 'DELETE' || group !== '' || resource !== 'services' || subresource || !object) return
      const service = object as ServiceObject
      const { spec } = service
      if (!spec) return
      const before = (oldObject as ServiceObject | undefined)?.spec
      const errors: FieldError[] = []
      if (spec.type === 'ExternalName') {
        // Turning into an alias gives the address back; asking for both at once is validation's to refuse.
        if (before && before.type !== 'ExternalName' && spec.clusterIP === before.clusterIP) {
          delete spec.clusterIP
          delete spec.clusterIPs
        }
        for (const port of spec.ports ?? []) delete port.nodePort
        return
      }
      if (before?.clusterIP && !spec.clusterIP && !spec.clusterIPs?.length) {
        spec.clusterIP = before.clusterIP
        spec.clusterIPs = before.clusterIPs
      } else if (spec.clusterIP && spec.clusterIP !== before?.clusterIP) spec.clusterIPs = [spec.clusterIP]
      if (!before?.clusterIP) errors.push(...clusterIp(service, spec))
      spec.ipFamilies ??= ['IPv4']
      spec.ipFamilyPolicy ??= 'SingleStack'
      // What only services reached from outside have goes too, unless it was asked for anew.
      if (before && needsNodePorts(before) && !needsNodePorts(spec)) {
        if (spec.externalTrafficPolicy === before.externalTrafficPolicy) delete spec.externalTrafficPolicy
      }
      if (needsNodePorts(spec)) errors.push(...nodePorts(service, spec, before))
      else if (before && needsNodePorts(before)) for (const port of spec.ports ?? []) delete port.nodePort
      if (errors.length > 0) throw invalid(serviceKind, service.metadata.name, errors)
    },
  }
}
