/**
 * What every mesh must answer alike: the same small shop, the same questions. Who adds a mesh says how one labels a
 * namespace for it, how one shuts a namespace, admits one caller and refuses plaintext; the rest is here.
 */
import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../src/kube/api.ts'
import type { Namespace, Pod } from '../../src/kube/kinds.ts'
import type { Call } from '../../src/meshes/call.ts'
import type { Mesh } from '../../src/meshes/mesh.ts'
import { buildWorld, findWorkload, resolve } from '../../src/meshes/network.ts'
import { plainVerdict, type Verdict } from '../../src/meshes/verdict.ts'

export interface MeshSubject {
  mesh: Mesh
  /** Metadata of a namespace whose new pods join, and of a pod in one that stays out. */
  joined: { labels?: Record<string, string>; annotations?: Record<string, string> }
  staysOut: { labels?: Record<string, string>; annotations?: Record<string, string> }
  /** Nobody gets into `production`. */
  shut: KubeObject[]
  /** `production/frontend` may call the api, beside `shut`. */
  admit: KubeObject[]
  /** Callers without an identity may not, meshed ones may. */
  refusePlaintext: KubeObject[]
  /** One object with a field that is not modelled and concerns calls of the frontend to the api. */
  unmodelled: { object: KubeObject; field: string }
  /** One of its own objects that its webhook refuses. */
  refused: KubeObject
}

const spaces = ['production', 'staging', 'legacy']

const bare = (path: string, ip: string, metadata: MeshSubject['staysOut'] = {}): Pod => {
  const [namespace, name = ''] = path.split('/')
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, ...metadata, labels: { app: name, ...metadata.labels } },
    spec: {
      serviceAccountName: name,
      containers: [{ name: 'app', image: 'app', ports: [{ name: 'http', containerPort: 8080 }] }],
    },
    status: { phase: 'Running', podIP: ip, conditions: [{ type: 'Ready', status: 'True' }] },
  }
}

const service = (path: string, clusterIP: string): KubeObject => {
  const [namespace, name = ''] = path.split('/')
  const ports = [
    { name: 'http', port: 80, targetPort: 8080 },
    { name: 'tcp-raw', port: 9000, targetPort: 9000 },
  ]
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { clusterIP, selector: { app: name }, ports },
  }
}

/** The suite. */
export const meshContract = (subject: MeshSubject): void => {
  const { mesh, joined, staysOut } = subject
  const namespace = (name: string, isJoined: boolean): Namespace => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, ...(isJoined ? joined : {}) },
  })
  const isIn = (name: string | undefined): boolean => name !== 'legacy'
  const pod = (path: string, ip: string): Pod => {
    const home = path.split('/')[0] ?? ''
    return mesh.inject(bare(path, ip), namespace(home, isIn(home)))
  }
  const base: KubeObject[] = [
    ...spaces.map((name) => namespace(name, isIn(name))),
    pod('production/frontend', '10.1.0.1'),
    pod('production/api', '10.1.0.2'),
    pod('production/orders', '10.1.0.3'),
    pod('staging/client', '10.1.1.1'),
    pod('legacy/client', '10.1.2.1'),
    pod('legacy/server', '10.1.2.2'),
    service('production/api', '10.96.0.2'),
    service('production/orders', '10.96.0.3'),
    service('legacy/server', '10.96.2.2'),
  ]
  const ask = (from: string, to: string, objects: readonly KubeObject[] = []): Verdict => {
    const all = [...base, ...objects]
    const world = buildWorld(all)
    const source = findWorkload(world, from)!
    const { protocol, host } = new URL(to)
    const found = resolve(world, source, to)
    if (found.kind !== 'service') throw new Error(`${to} leads to ${found.kind}`)
    const endpoint = found.endpoints[0]!
    const isHttp = protocol === 'http:'
    const http = { method: 'GET', path: '/', authority: host, headers: [] }
    const call: Call = {
      source,
      service: { object: found.service, port: found.port },
      destination: endpoint.pod,
      port: endpoint.port,
      protocol: isHttp ? 'http' : 'tcp',
      ...(isHttp ? { http } : {}),
    }
    return mesh.decide(mesh.compile(all).model, call)
  }
  const api = 'http://api.production/'
  const callers = ['production/frontend', 'production/orders', 'staging/client', 'legacy/client']

  describe('who is in the mesh', () => {
    test('only pods that are made after the namespace was labelled', () => {
      const before = bare('production/late', '10.1.0.9')
      expect(mesh.isMeshed(mesh.inject(before, namespace('production', false)))).toBe(false)
      expect(mesh.isMeshed(mesh.inject(before, namespace('production', true)))).toBe(true)
      expect(mesh.isMeshed(before)).toBe(false)
    })

    test('not a pod that wants to stay out, and none twice', () => {
      const out = mesh.inject(bare('production/late', '10.1.0.9', staysOut), namespace('production', true))
      expect(mesh.isMeshed(out)).toBe(false)
      const once = mesh.inject(bare('production/late', '10.1.0.9'), namespace('production', true))
      expect(mesh.inject(once, namespace('production', true))).toEqual(once)
    })

    test('the proxy runs in the container that the mesh names', () => {
      const { spec } = pod('production/late', '10.1.0.9')
      const names = [...(spec.initContainers ?? []), ...spec.containers].map(({ name }) => name)
      expect(names).toContain(mesh.proxyContainer)
    })
  })

  describe('with no policy at all', () => {
    test('between two meshed pods: mTLS, and the receiver knows who calls', () => {
      const verdict = ask('production/frontend', api)
      expect(verdict).toMatchObject({ outcome: 'allow', transport: 'mtls', effect: { kind: 'forward' } })
      expect(verdict.identity).toContain('frontend')
      expect(ask('staging/client', api).identity).not.toBe(verdict.identity)
    })

    test('from a pod outside: plaintext, admitted, and without an identity', () => {
      const verdict = ask('legacy/client', api)
      expect(verdict).toMatchObject({ outcome: 'allow', transport: 'plaintext', effect: { kind: 'forward' } })
      expect(verdict.identity).toBeUndefined()
    })

    test('to a pod outside: plaintext', () => {
      expect(ask('production/frontend', 'http://server.legacy/')).toMatchObject({
        outcome: 'allow',
        transport: 'plaintext',
      })
    })

    test('bytes that are no HTTP are encrypted too', () => {
      expect(ask('production/frontend', 'tcp://api.production:9000')).toMatchObject({
        outcome: 'allow',
        transport: 'mtls',
      })
    })
  })

  describe('with policies', () => {
    test.each(callers)('a shut namespace denies %s, and says who decided', (from) => {
      const verdict = ask(from, api, subject.shut)
      expect(verdict.outcome).toBe('deny')
      expect(['respond', 'reset', 'close']).toContain(verdict.effect?.kind)
      expect(verdict.decidedBy?.object.name).toBeDefined()
    })

    test('a shut namespace still calls others', () => {
      expect(ask('production/frontend', 'http://server.legacy/', subject.shut).outcome).toBe('allow')
    })

    test('one identity is admitted, and nobody else', () => {
      const policies = [...subject.shut, ...subject.admit]
      expect(callers.map((from) => ask(from, api, policies).outcome)).toEqual(['allow', 'deny', 'deny', 'deny'])
      expect(ask('production/frontend', 'http://orders.production/', policies).outcome).toBe('deny')
    })

    test('a meshed caller gets 403 from the receiver, over mTLS or after it', () => {
      const { effect, transport, sent } = ask('staging/client', api, subject.shut)
      expect(effect).toMatchObject({ kind: 'respond', status: 403, by: 'server-proxy' })
      expect([transport, sent]).toContain('mtls')
    })

    test('plaintext can be refused, and was on the wire all the same', () => {
      const refused = ask('legacy/client', api, subject.refusePlaintext)
      expect(refused.outcome).toBe('deny')
      expect([refused.transport, refused.sent]).toContain('plaintext')
      expect(ask('staging/client', api, subject.refusePlaintext).outcome).toBe('allow')
    })

    test('the order of objects changes nothing', () => {
      const policies = [...subject.shut, ...subject.admit]
      const told = (from: string, objects: typeof policies): Verdict => plainVerdict(ask(from, api, objects))
      for (const from of callers) expect(told(from, policies.toReversed())).toEqual(told(from, policies))
    })
  })

  test('what is not modelled is unknown by object and field, never a guess', () => {
    const { object, field } = subject.unmodelled
    const verdict = ask('production/frontend', api, [object])
    expect(verdict).toMatchObject({
      outcome: 'unknown',
      decidedBy: { object: { kind: object.kind, name: object.metadata.name }, field },
    })
    expect(verdict.effect).toBeUndefined()
    expect(verdict.because).toContain(object.metadata.name)
  })

  test('the deciding sentence is one of the steps', () => {
    for (const objects of [[], subject.shut, [subject.unmodelled.object]])
      for (const from of callers) {
        const { because, steps } = ask(from, api, objects)
        expect(steps.map(({ says }) => says)).toContain(because)
      }
  })

  test('its webhook refuses its own nonsense, and nobody else’s objects', () => {
    const refused = mesh.validate({ operation: 'CREATE', object: subject.refused })
    expect(refused).toMatchObject({ allowed: false, message: expect.stringMatching(/\S/) })
    for (const object of [...base, ...subject.shut, ...subject.admit])
      expect(mesh.validate({ operation: 'CREATE', object })).toMatchObject({ allowed: true })
  })

  test('an installation brings its namespaces, and a CRD for every policy that is read', async () => {
    const installed = mesh.install()
    const made = new Set(installed.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name))
    for (const { metadata } of installed)
      if (metadata.namespace !== undefined) expect([...made, 'kube-system']).toContain(metadata.namespace)
    const served = new Set((await mesh.crds()).map(({ metadata }) => metadata.name))
    for (const object of [...subject.shut, ...subject.admit, subject.refused, subject.unmodelled.object]) {
      const group = object.apiVersion.split('/')[0]
      expect([...served].some((name) => name.endsWith(`.${group}`))).toBe(true)
    }
  })
}
