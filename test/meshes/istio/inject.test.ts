import { describe, expect, test } from 'vitest'
import type { Namespace, Pod } from '../../../src/kube/kinds.ts'
import { istio } from '../../../src/meshes/istio/index.ts'

const pod = (labels: Record<string, string> = {}, annotations: Record<string, string> = {}, spec = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'n', labels, annotations },
  spec: { containers: [{ name: 'app', image: 'x' }], initContainers: [{ name: 'mine', image: 'y' }], ...spec },
})
const namespace = (labels: Record<string, string>, name = 'n'): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
})
const enabled = { 'istio-injection': 'enabled' }
const wants = { 'sidecar.istio.io/inject': 'true' }
const refuses = { 'sidecar.istio.io/inject': 'false' }

// The selectors of the istiod chart's MutatingWebhookConfiguration, and injectRequired in pkg/kube/inject/inject.go.
describe('which pods get a sidecar', () => {
  test.each<[string, boolean, Record<string, string>, Pod]>([
    ['a labelled namespace', true, enabled, pod()],
    ['no label at all', false, {}, pod()],
    ['istio-injection: disabled', false, { 'istio-injection': 'disabled' }, pod(wants)],
    ['a misspelt value', false, { 'istio-injection': 'enable' }, pod()],
    ['the pod refuses by label', false, enabled, pod(refuses)],
    ['the pod refuses by annotation', false, enabled, pod({}, refuses)],
    ['the label wins over the annotation', true, enabled, pod(wants, refuses)],
    ['the pod asks by itself', true, {}, pod(wants)],
    ['an annotation alone does not reach the webhook', false, {}, pod({}, wants)],
    ['a revision', true, { 'istio.io/rev': 'default' }, pod()],
    ['another revision', false, { 'istio.io/rev': 'canary' }, pod()],
    ['istio-injection hides a revision', false, { 'istio-injection': 'disabled', 'istio.io/rev': 'default' }, pod()],
    ['a pod with a revision', true, {}, pod({ 'istio.io/rev': 'default' })],
    ['host network', false, enabled, pod({}, {}, { hostNetwork: true })],
  ])('%s: %s', (_title, expected, labels, given) => {
    const injected = istio.inject(given, namespace(labels))
    expect(istio.isMeshed(injected)).toBe(expected)
    expect(injected === given).toBe(!expected)
  })

  test('system namespaces never', () => {
    expect(istio.isMeshed(istio.inject(pod(), namespace(enabled, 'kube-system')))).toBe(false)
  })
})

test('the pod afterwards', () => {
  const given = pod({ app: 'shop', version: 'v2' })
  const injected = istio.inject(given, namespace(enabled))
  expect(injected.spec.initContainers?.map((each) => [each.name, each.restartPolicy])).toEqual([
    ['istio-init', undefined],
    ['istio-proxy', 'Always'],
    ['mine', undefined],
  ])
  expect(injected.metadata.labels).toEqual({
    app: 'shop',
    version: 'v2',
    'security.istio.io/tlsMode': 'istio',
    'service.istio.io/canonical-name': 'shop',
    'service.istio.io/canonical-revision': 'v2',
  })
  expect(injected.metadata.annotations?.['kubectl.kubernetes.io/default-container']).toBe('app')
  expect(JSON.parse(injected.metadata.annotations?.['sidecar.istio.io/status'] ?? '')).toMatchObject({
    initContainers: ['istio-init', 'istio-proxy'],
  })
  const mounts = injected.spec.initContainers?.[1]?.volumeMounts as { name: string }[]
  const volumes = (injected.spec.volumes as { name: string }[]).map((volume) => volume.name)
  expect(volumes).toEqual(expect.arrayContaining(mounts.map((mount) => mount.name)))
  // Injecting twice changes nothing, and the given pod is untouched.
  expect(istio.inject(injected, namespace(enabled))).toBe(injected)
  expect(given.spec.initContainers).toHaveLength(1)
})
