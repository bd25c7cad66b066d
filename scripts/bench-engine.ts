/**
 * `npm run bench -- engine`: how many calls the engine judges in a second on one core, with ever more policies over
 * 1,000 workloads, and how long a matrix of 200 workloads takes after one change. Medians of several runs.
 */
import type { KubeObject } from '../src/kube/api.ts'
import type { Pod, Service } from '../src/kube/kinds.ts'
import type { Call } from '../src/meshes/call.ts'
import { decideWhole } from '../src/meshes/istio/decide.ts'
import { type IstioModel, istio } from '../src/meshes/istio/index.ts'
import { receive } from '../src/meshes/istio/receive.ts'
import type { Verdict } from '../src/meshes/verdict.ts'

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
const spread = (values: number[]): string => `${Math.min(...values).toFixed(1)}–${Math.max(...values).toFixed(1)}`

const namespaceOf = (index: number): string => `ns-${index % 20}`

const pod = (index: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `app-${index}`,
    namespace: namespaceOf(index),
    labels: { app: `app-${index}`, tier: index % 2 ? 'web' : 'data', 'security.istio.io/tlsMode': 'istio' },
  },
  spec: {
    serviceAccountName: `app-${index}`,
    containers: [
      { name: 'app', image: 'a', ports: [{ containerPort: 8080 }] },
      { name: 'istio-proxy', image: 'p' },
    ],
  },
  status: {
    podIP: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
  },
})

const service = (index: number): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: `app-${index}`, namespace: namespaceOf(index) },
  spec: {
    clusterIP: `10.96.${index >> 8}.${index & 255}`,
    selector: { app: `app-${index}` },
    ports: [{ name: 'http', port: 80, targetPort: 8080 }],
  },
})

/** Spread over the workloads, one rule each with a source, an operation and a header. */
const policy = (index: number, workloads: number): KubeObject => {
  const target = index % workloads
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: `p-${index}`, namespace: namespaceOf(target), creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      selector: { matchLabels: { app: `app-${target}` } },
      action: index % 3 === 0 ? 'DENY' : 'ALLOW',
      rules: [
        {
          // Every other one asks about the request alone, whoever the caller is.
          ...(index % 2 === 0
            ? {}
            : {
                from: [
                  { source: { namespaces: [namespaceOf(index + 1)] } },
                  { source: { principals: ['*/sa/app-7'] } },
                ],
              }),
          to: [{ operation: { methods: index % 3 === 0 ? ['DELETE'] : ['GET'], paths: ['/api/*'] } }],
        },
      ],
    },
  }
}

const callsOf = (pods: Pod[], services: Service[], count: number): Call[] =>
  Array.from({ length: count }, (_, index): Call => {
    const to = (index * 7919) % pods.length
    const object = services[to]!
    return {
      source: pods[(index * 104_729) % pods.length]!,
      service: { object, port: object.spec.ports![0]! },
      destination: pods[to]!,
      port: 8080,
      protocol: 'http',
      http: {
        method: 'GET',
        path: '/api/x',
        authority: `${object.metadata.name}.${object.metadata.namespace}`,
        headers: [],
      },
    }
  })

/** Processor time of this process in milliseconds: what a busy machine does not change. */
const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

type Judge = (model: IstioModel, call: Call) => Verdict

/** Pairs that were asked before; step by step; or the receiver's alone: filter chain, CUSTOM, JWT, DENY, ALLOW. */
const judges: Record<string, Judge> = {
  'pairs asked before': (model, call) => istio.decide(model, call),
  'whole, both sidecars': (model, call) => decideWhole(model, call),
  "whole, the receiver's": (model, call) =>
    receive(model, call, { proxy: 'http', transport: 'mtls', sni: '', steps: [], call }),
}

/** Calls a second of processor time; `reason`: with the sentence that a person would read. */
const rate = (model: IstioModel, calls: readonly Call[], judge: Judge, reason: boolean): number => {
  let sum = 0
  let done = 0
  const began = cpu()
  while (cpu() - began < 200)
    for (let i = 0; i < 200; i++) {
      const verdict = judge(model, calls[done++ % calls.length]!)
      sum += verdict.outcome.length + (reason ? verdict.because.length : 0)
    }
  if (sum === 0) throw new Error('nothing was judged')
  return (done / (cpu() - began)) * 1000
}

const world = (workloads: number) => {
  const pods = Array.from({ length: workloads }, (_, index) => pod(index))
  const services = Array.from({ length: workloads }, (_, index) => service(index))
  return { pods, services, objects: [...pods, ...services] as KubeObject[] }
}

const decisions = (): void => {
  const { pods, services, objects } = world(1000)
  const calls = callsOf(pods, services, 4096)
  console.log('decisions a second of one core, 1,000 workloads (median of 5, spread in thousands)')
  for (const count of [10, 100, 1000, 10_000]) {
    const policies = Array.from({ length: count }, (_, index) => policy(index, 1000))
    const { model } = istio.compile([...objects, ...policies])
    for (const [name, judge] of Object.entries(judges))
      for (const reason of [false, true]) {
        for (const call of calls) judge(model, call)
        const rates = Array.from({ length: 5 }, () => rate(model, calls, judge, reason))
        const line = `${count} policies, ${name}${reason ? ', with the reason' : ''}`.padEnd(50)
        console.log(
          `  ${line} ${Math.round(median(rates)).toLocaleString('en').padStart(9)}  (${spread(rates.map((each) => each / 1000))})`,
        )
      }
  }
}

/** How long a matrix takes when everything is new, and after one change of the kind that `change` makes of the objects. */
const matrix = (): void => {
  const { pods, services, objects } = world(200)
  const policies = Array.from({ length: 100 }, (_, index) => policy(index, 200))
  const calls = pods.flatMap((source) =>
    services.map(
      (object, to): Call => ({
        source,
        service: { object, port: object.spec.ports![0]! },
        destination: pods[to]!,
        port: 8080,
        protocol: 'http',
        http: {
          method: 'GET',
          path: '/',
          authority: `${object.metadata.name}.${object.metadata.namespace}`,
          headers: [],
        },
      }),
    ),
  )
  const peer = (run: number): KubeObject => ({
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: namespaceOf(run) },
    spec: { mtls: { mode: 'STRICT' } },
  })
  const changes: Record<string, (run: number) => KubeObject> = {
    'one AuthorizationPolicy': (run) => policy(1000 + run, 200),
    'one PeerAuthentication (everything is worked out anew)': peer,
  }
  console.log('matrix of 200 workloads (40,000 pairs), compiled and judged after one change')
  for (const [name, change] of Object.entries(changes)) {
    let last: IstioModel | undefined
    const times = Array.from({ length: 15 }, (_, run) => {
      const changed = [...objects, ...policies, change(run)]
      const began = cpu()
      const { model } = istio.compile(changed, last)
      last = model
      for (const call of calls) istio.decide(model, call)
      return cpu() - began
    }).slice(5)
    console.log(`  ${name.padEnd(55)} ${median(times).toFixed(1)} ms of one core  (${spread(times)})`)
  }
}

decisions()
matrix()
