import { expect, test } from 'vitest'
import type { Pod } from '../../../src/kube/kinds.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { base, makeCall, worldWith } from './world.ts'

// A gateway's records are of another kind (listener class GATEWAY); until they are modelled, none is better than wrong ones.
test('nothing is written about traffic through a gateway', () => {
  const gateway = base.find(({ kind, metadata }) => kind === 'Pod' && metadata.name === 'ingress') as Pod
  const proxy = gateway.spec.initContainers!.find(({ name }) => name === 'istio-proxy')!
  const { restartPolicy: _, ...container } = proxy
  const objects = worldWith([
    { ...gateway, spec: { ...gateway.spec, initContainers: [], containers: [container] } } as Pod,
  ])
  const { model } = istio.compile(objects)
  const call = makeCall(objects, { from: 'legacy/client', to: 'http://ingress.istio-system/' })
  const finished = {
    from: call.source,
    dialled: { host: 'ingress.istio-system', port: 80 },
    call,
    ...(call.service ? { service: call.service } : {}),
    verdict: istio.decide(model, call),
    ...(call.http ? { request: call.http } : {}),
    response: { status: 404, headers: [] },
    bytes: { sent: 0, received: 0 },
    start: 0,
    duration: 1,
  }
  const settings = istio.telemetry!.compile(objects, () => ({}))
  expect(istio.telemetry!.report(model, settings, finished, 'id')).toEqual([])
})
