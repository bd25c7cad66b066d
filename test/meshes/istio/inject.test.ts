import { describe, expect, test } from 'vitest'
import type { KubeObject } from '../../../src/kube/api.ts'
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

// The chart's files/gateway-injection-template.yaml; pkg/kube/inject/webhook_test.go (gateway), inject_test.go.
describe('a pod that asks to be a gateway', () => {
  const own = {
    name: 'istio-proxy',
    image: 'auto',
    ports: [{ containerPort: 8080 }, { name: 'mine', containerPort: 15090, protocol: 'TCP' }],
    env: [{ name: 'TRUST_DOMAIN', value: 'mine' }],
    resources: { limits: { cpu: '3' } },
  }
  const asks = { 'inject.istio.io/templates': 'gateway' }
  const gateway = istio.inject(
    pod({ app: 'edge' }, asks, { containers: [own], initContainers: [] }),
    namespace(enabled),
  )
  const [proxy, ...more] = gateway.spec.containers

  test('gets a proxy in place of its own, with what it said of it', () => {
    expect(more).toEqual([])
    expect(proxy).toMatchObject({
      image: expect.stringMatching(/^docker\.io\/istio\/proxyv2:/),
      args: expect.arrayContaining(['proxy', 'router']),
      resources: { limits: { cpu: '3' } },
    })
    expect(proxy?.ports).toEqual(own.ports)
    expect(proxy?.env?.filter(({ name }) => name === 'TRUST_DOMAIN')).toEqual(own.env)
    expect(gateway.spec.initContainers).toEqual([])
  })

  test('is a gateway, and no sidecar that callers would start mTLS with', () => {
    expect(istio.isGateway?.(gateway)).toBe(true)
    expect(gateway.metadata.labels).not.toHaveProperty(['security.istio.io/tlsMode'])
    expect(JSON.parse(gateway.metadata.annotations?.['sidecar.istio.io/status'] ?? '')).toMatchObject({
      initContainers: null,
      containers: ['istio-proxy'],
    })
  })

  test('is not injected twice, and not without a webhook that sees it', () => {
    expect(istio.inject(gateway, namespace(enabled))).toBe(gateway)
    const unseen = pod({}, asks, { containers: [own] })
    expect(istio.inject(unseen, namespace({}))).toBe(unseen)
  })

  test('may bring an image of its own', () => {
    const brought = pod({}, asks, { containers: [{ ...own, image: 'mine/proxy:1' }] })
    expect(istio.inject(brought, namespace(enabled)).spec.containers[0]?.image).toBe('mine/proxy:1')
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

const containers = ({ spec }: Pod) => [...(spec.initContainers ?? []), ...spec.containers]
const proxyOf = (given: Pod) =>
  containers(istio.inject(given, namespace(enabled))).find(({ name }) => name === 'istio-proxy')!
const initOf = (given: Pod) => istio.inject(given, namespace(enabled)).spec.initContainers![0]!

// manifests/charts/istio-control/istio-discovery/templates/revision-tags-mwc.yaml: `istioctl tag set prod --revision canary`
describe('revisions', () => {
  const tag = (name: string, revision: string): KubeObject => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `istio-revision-tag-${name}`, labels: { 'istio.io/rev': revision, 'istio.io/tag': name } },
    webhooks: [
      {
        name: 'rev.namespace.sidecar-injector.istio.io',
        clientConfig: { service: { name: `istiod-${revision}`, namespace: 'istio-system', path: '/inject' } },
        namespaceSelector: { matchExpressions: [{ key: 'istio.io/rev', operator: 'In', values: [name] }] },
        objectSelector: {},
      },
    ],
  })
  const canary = istio.install({ revision: 'canary' })
  test.each<[string, string | undefined, Record<string, string>, KubeObject[]]>([
    ['a tag leads to its revision', 'canary', { 'istio.io/rev': 'prod' }, [tag('prod', 'canary')]],
    ['a tag that is not there', undefined, { 'istio.io/rev': 'prod' }, []],
    ['a revision by its name', 'canary', { 'istio.io/rev': 'canary' }, canary],
    ['istio-injection is the default revision’s alone', undefined, enabled, canary],
    ['no webhook, no injection', undefined, enabled, []],
  ])('%s', (_title, revision, labels, webhooks) => {
    const injected = istio.inject(pod(), namespace(labels), webhooks)
    expect(injected.metadata.annotations?.['istio.io/rev']).toBe(revision)
    expect(istio.isMeshed(injected)).toBe(revision !== undefined)
  })

  test('the proxy asks the istiod of its revision', () => {
    const injected = istio.inject(pod(), namespace({ 'istio.io/rev': 'canary' }), canary)
    const proxy = containers(injected).find(({ name }) => name === 'istio-proxy')!
    expect(proxy.env).toContainEqual({ name: 'CA_ADDR', value: 'istiod-canary.istio-system.svc:15012' })
  })
})

// pkg/kube/inject/testdata/inject/native-sidecar-opt-out.yaml.injected
test('a pod may have its sidecar as an ordinary container', () => {
  const injected = istio.inject(pod({}, { 'sidecar.istio.io/nativeSidecar': 'false' }), namespace(enabled))
  expect(injected.spec.containers.map(({ name }) => name)).toEqual(['app', 'istio-proxy'])
  expect(injected.spec.initContainers?.map(({ name }) => name)).toEqual(['istio-init', 'mine'])
  expect(JSON.parse(injected.metadata.annotations!['sidecar.istio.io/status']!)).toEqual({
    initContainers: ['istio-init'],
    containers: ['istio-proxy'],
    volumes: [
      'workload-socket',
      'credential-socket',
      'workload-certs',
      'istio-envoy',
      'istio-data',
      'istio-podinfo',
      'istio-token',
      'istiod-ca-cert',
      'istio-ca-crl',
    ],
    imagePullSecrets: null,
    revision: 'default',
  })
})

// files/injection-template.yaml, the define "resources" and the annotations around it
describe('annotations of the pod', () => {
  test.each<[string, Record<string, string>, object]>([
    ['resources by default', {}, { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '100m', memory: '128Mi' } }],
    ['one resource replaces all', { 'sidecar.istio.io/proxyCPU': '50m' }, { requests: { cpu: '50m' } }],
    [
      'limits',
      { 'sidecar.istio.io/proxyCPULimit': '1', 'sidecar.istio.io/proxyMemory': '64Mi' },
      { requests: { memory: '64Mi' }, limits: { cpu: '1' } },
    ],
  ])('%s', (_title, annotations, resources) => {
    expect(proxyOf(pod({}, annotations)).resources).toEqual(resources)
  })

  test('image and log level', () => {
    const proxy = proxyOf(
      pod({}, { 'sidecar.istio.io/proxyImage': 'my.registry/proxy:1', 'sidecar.istio.io/logLevel': 'debug' }),
    )
    expect(proxy.image).toBe('my.registry/proxy:1')
    expect(proxy.args).toContain('--proxyLogLevel=debug')
  })

  test('what is captured', () => {
    const annotations = Object.fromEntries(
      [
        ['includeInboundPorts', '80,81'],
        ['excludeInboundPorts', '82'],
        ['excludeOutboundPorts', '5432'],
        ['includeOutboundPorts', '6379'],
        ['includeOutboundIPRanges', '10.0.0.0/8'],
        ['excludeOutboundIPRanges', '1.1.1.1/32'],
      ].map(([name, value]) => [`traffic.sidecar.istio.io/${name}`, value!]),
    )
    expect(initOf(pod({}, annotations)).args!.slice(9, -1)).toEqual([
      '-i',
      '10.0.0.0/8',
      '-x',
      '1.1.1.1/32',
      '-b',
      '80,81',
      '-d',
      '15090,15021,82,15020',
      '-q',
      '6379',
      '-o',
      '5432',
    ])
  })
})

// pkg/kube/inject/app_probe.go
describe('probes', () => {
  const probed = (annotations = {}) =>
    pod({}, annotations, {
      containers: [
        {
          name: 'app',
          image: 'x',
          ports: [{ name: 'web', containerPort: 8080 }],
          readinessProbe: {
            httpGet: { path: '/up', port: 'web', scheme: 'HTTPS' },
            timeoutSeconds: 2,
            periodSeconds: 7,
          },
          livenessProbe: { tcpSocket: { port: 9000 } },
          startupProbe: { exec: { command: ['true'] } },
        },
      ],
    })

  test('go to pilot-agent, which is told what to ask', () => {
    const injected = istio.inject(probed(), namespace(enabled))
    expect(injected.spec.containers[0]).toMatchObject({
      readinessProbe: { httpGet: { path: '/app-health/app/readyz', port: 15020, scheme: 'HTTP' }, periodSeconds: 7 },
      livenessProbe: { httpGet: { path: '/app-health/app/livez', port: 15020 } },
      startupProbe: { exec: { command: ['true'] } },
    })
    expect(injected.spec.containers[0]!.livenessProbe).not.toHaveProperty('tcpSocket')
    const env = proxyOf(probed()).env!.find(({ name }) => name === 'ISTIO_KUBE_APP_PROBERS')!
    expect(JSON.parse(env.value!)).toEqual({
      '/app-health/app/livez': { tcpSocket: { port: 9000 } },
      '/app-health/app/readyz': { httpGet: { path: '/up', port: 8080, scheme: 'HTTPS' }, timeoutSeconds: 2 },
    })
  })

  test('stay as they are when the pod says so', () => {
    const given = probed({ 'sidecar.istio.io/rewriteAppHTTPProbers': 'false' })
    expect(istio.inject(given, namespace(enabled)).spec.containers[0]).toBe(given.spec.containers[0])
    expect(proxyOf(given).env!.map(({ name }) => name)).not.toContain('ISTIO_KUBE_APP_PROBERS')
  })
})
