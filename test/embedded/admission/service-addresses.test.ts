import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ServiceObject } from '../../../src/embedded/kinds/types.ts'
import { type ControlPlane, controlPlane, services } from '../controllers/control-plane.ts'

let plane: ControlPlane
beforeEach(() => {
  plane = controlPlane()
})
afterEach(() => plane.stop())

const create = (name: string, spec: object = {}, at: ControlPlane = plane): ServiceObject =>
  at.registry.create({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop' },
    spec: { ports: [{ port: 80 }], ...spec },
  })
const change = (name: string, edit: (spec: NonNullable<ServiceObject['spec']>) => void) =>
  plane.registry.mutate(services, name, 'shop', (draft) => edit((draft as ServiceObject).spec!)) as ServiceObject

const inRange = (ip = ''): boolean => {
  const [a, b = 0] = ip.split('.').map(Number)
  return a === 10 && b >= 96 && b < 112
}

describe('cluster IPs', () => {
  test('each Service has its own, and says so twice', () => {
    const [a, b] = [create('a'), create('b')]
    expect(inRange(a.spec?.clusterIP)).toBe(true)
    expect(a.spec?.clusterIPs).toEqual([a.spec?.clusterIP])
    expect(a.spec).toMatchObject({ ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' })
    expect(b.spec?.clusterIP).not.toBe(a.spec?.clusterIP)
  })

  test.each<[string, object, string]>([
    [
      'outside',
      { clusterIP: '1.2.3.4' },
      'spec.clusterIPs: Invalid value: ["1.2.3.4"]: failed to allocate IP 1.2.3.4: the provided network does not match the current range',
    ],
    [
      'taken',
      { clusterIP: '10.96.0.9' },
      'spec.clusterIPs: Invalid value: ["10.96.0.9"]: failed to allocate IP 10.96.0.9: provided IP is already allocated',
    ],
  ])('one that is %s is refused', (_name, spec, says) => {
    create('holder', { clusterIP: '10.96.0.9' })
    expect(() => create('a', spec)).toThrow(says)
  })

  test('stays when an update leaves it out, and may not change', () => {
    const { clusterIP } = create('a').spec ?? {}
    const updated = change('a', (spec) => {
      delete spec.clusterIP
      delete spec.clusterIPs
      spec.ports = [{ port: 81 }]
    })
    expect(updated.spec).toMatchObject({ clusterIP, clusterIPs: [clusterIP] })
    expect(() =>
      change('a', (spec) => {
        spec.clusterIP = '10.96.0.77'
      }),
    ).toThrow('spec.clusterIPs[0]: Invalid value: ["10.96.0.77"]: may not change once set')
  })

  test('is free again when its Service is gone', () => {
    create('a', { clusterIP: '10.96.0.9' })
    plane.registry.delete(services, 'a', 'shop')
    expect(create('b', { clusterIP: '10.96.0.9' }).spec?.clusterIP).toBe('10.96.0.9')
  })

  test('a headless Service has none, an alias not even that', () => {
    expect(create('headless', { clusterIP: 'None' }).spec).toMatchObject({ clusterIP: 'None', clusterIPs: ['None'] })
    expect(create('alias', { type: 'ExternalName', externalName: 'example.com' }).spec).not.toHaveProperty('clusterIP')
  })

  test('an alias that becomes a Service gets one, and gives it back', () => {
    create('a', { type: 'ExternalName', externalName: 'example.com' })
    const served = change('a', (spec) => {
      spec.type = 'ClusterIP'
      delete spec.externalName
    })
    expect(inRange(served.spec?.clusterIP)).toBe(true)
    const alias = change('a', (spec) => {
      spec.type = 'ExternalName'
      spec.externalName = 'example.com'
    })
    expect(alias.spec).not.toHaveProperty('clusterIP')
  })

  test('no two are ever the same, whatever comes and goes', () => {
    const step = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd', 'e'), remove: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const own = controlPlane()
        for (const { name, remove } of steps) {
          if (remove) own.registry.delete(services, name, 'shop')
          else if (!own.registry.get(services, name, 'shop')) create(name, { type: 'NodePort' }, own)
        }
        const all = own.registry.list(services) as ServiceObject[]
        const ips = all.map(({ spec }) => spec?.clusterIP)
        const ports = all.flatMap(({ spec }) => (spec?.ports ?? []).map(({ nodePort }) => nodePort))
        own.stop()
        expect(new Set(ips).size).toBe(ips.length)
        expect(new Set(ports).size).toBe(ports.length)
      }),
      { numRuns: 30 },
    )
  })
})

describe('node ports', () => {
  const nodePorts = ({ spec }: ServiceObject) => (spec?.ports ?? []).map(({ nodePort }) => nodePort)

  test('are given to node ports and load balancers, and to nobody else', () => {
    for (const type of ['NodePort', 'LoadBalancer']) {
      const [port = 0] = nodePorts(create(type.toLowerCase(), { type }))
      expect(port).toBeGreaterThanOrEqual(30000)
      expect(port).toBeLessThanOrEqual(32767)
    }
    expect(nodePorts(create('plain'))).toEqual([undefined])
    expect(nodePorts(create('none', { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }))).toEqual([
      undefined,
    ])
  })

  test.each([
    [
      1,
      'spec.ports[0].nodePort: Invalid value: 1: provided port is not in the valid range. The range of valid ports is 30000-32767',
    ],
    [30080, 'spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated'],
  ])('%d is refused', (nodePort, says) => {
    create('holder', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] })
    expect(() => create('a', { type: 'NodePort', ports: [{ port: 80, nodePort }] })).toThrow(says)
  })

  test('stay with their port on an update that does not mention them', () => {
    const before = nodePorts(create('a', { type: 'NodePort' }))
    const after = change('a', (spec) => {
      spec.ports = [{ port: 80 }]
      spec.selector = { app: 'b' }
    })
    expect(nodePorts(after)).toEqual(before)
  })

  test('go when the Service is for the cluster only', () => {
    create('a', { type: 'NodePort' })
    const after = change('a', (spec) => {
      spec.type = 'ClusterIP'
    })
    expect(nodePorts(after)).toEqual([undefined])
  })
})
