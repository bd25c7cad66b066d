/** What is run for each mesh, by its own tool and by Helm, as text: one look says whether a command changed. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { describePlan } from '../../../src/providers/describe.ts'
import { type MeshName, meshVersions } from '../../../src/providers/kind/install/tools.ts'
import { type ClusterSpec, nodeImage, planCluster, planDelete, runtimes } from '../../../src/providers/kind/plan.ts'
import { installedItsOwnWay } from '../../../src/providers/kind/specify.ts'
import type { LabSpec } from '../../../src/providers/provider.ts'
import type { Step } from '../../../src/providers/steps.ts'
import { packagePath } from '../../../src/root.ts'
import { formatCommand } from '../../../src/shell/run.ts'

const aLab: LabSpec = {
  name: 'a-lab',
  mesh: 'istio',
  objects: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'play' } }],
}

const spec = (mesh: MeshName, more: Partial<ClusterSpec> = {}): ClusterSpec => ({
  name: `meshdojo-${mesh}`,
  mesh,
  version: meshVersions[mesh],
  runtime: 'docker',
  by: 'tool',
  settings: {},
  folder: '/state',
  kubeconfig: '/state/kubeconfig',
  ...more,
})

const commandsOf = ({ actions }: Step): string[] =>
  actions.map((action) =>
    action.do === 'run'
      ? [action.command, action.into].flatMap((each) => (each ? formatCommand(each) : [])).join(' | ')
      : `(${action.do})`,
  )
const commands = (given: ClusterSpec): string[] =>
  planCluster(given)
    .steps.flatMap(commandsOf)
    .map((line) => line.replaceAll(packagePath(''), './'))

const createIstio =
  'kind create cluster --name meshdojo-istio --config ./kind-configs/istio.yaml --kubeconfig /state/kubeconfig --wait 180s'
const rollout = (namespace: string, ...workloads: string[]): string[] =>
  workloads.map((each) => `kubectl rollout status ${each} --namespace=${namespace} --timeout=300s`)
const upgrade = (release: string, chart: string, repo: string, version: string, namespace: string): string =>
  `helm upgrade --install ${release} ${chart} --repo ${repo} --version ${version} --namespace ${namespace} --create-namespace --wait --timeout 10m`
const istioCharts = 'https://istio-release.storage.googleapis.com/charts'
const gatewayApi =
  'kubectl apply --server-side --filename https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.2.1/standard-install.yaml'
const linkerdReady = rollout(
  'linkerd',
  'deployment/linkerd-identity',
  'deployment/linkerd-destination',
  'deployment/linkerd-proxy-injector',
)
const vizReady = rollout(
  'linkerd-viz',
  'deployment/metrics-api',
  'deployment/prometheus',
  'deployment/tap',
  'deployment/tap-injector',
  'deployment/web',
)
const ciliumReady = rollout(
  'kube-system',
  'daemonset/cilium',
  'daemonset/cilium-envoy',
  'deployment/cilium-operator',
  'deployment/hubble-relay',
  'deployment/coredns',
)
const ciliumValues =
  '--set image.pullPolicy=IfNotPresent --set ipam.mode=kubernetes --set encryption.enabled=true --set encryption.type=wireguard --set hubble.relay.enabled=true'
const consulValues = (flag: string): string =>
  [
    'global.name=consul',
    'global.gossipEncryption.autoGenerate=true',
    'global.tls.enabled=true',
    'global.tls.enableAutoEncrypt=true',
    'global.acls.manageSystemACLs=true',
    'server.replicas=1',
    'connectInject.enabled=true',
  ]
    .map((value) => `${flag} ${value}`)
    .join(' ')
const consulReady = rollout('consul', 'statefulset/consul-server', 'deployment/consul-connect-injector')
const create = (mesh: string, wait = ' --wait 180s'): string =>
  createIstio.replaceAll('istio', mesh).replace(' --wait 180s', wait)

describe('the commands, in order', () => {
  test.each<[string, ClusterSpec, string[]]>([
    [
      'Istio by istioctl',
      spec('istio'),
      [
        createIstio,
        'istioctl install --skip-confirmation --set profile=minimal --set tag=1.30.3 --readiness-timeout 10m0s',
        ...rollout('istio-system', 'deployment/istiod'),
      ],
    ],
    [
      'Istio by istioctl, with values of the chart, which lie deeper there',
      spec('istio', { settings: { 'meshConfig.accessLogFile': '/dev/stdout', 'pilot.traceSampling': '100' } }),
      [
        createIstio,
        'istioctl install --skip-confirmation --set profile=minimal --set tag=1.30.3 --set meshConfig.accessLogFile=/dev/stdout --set values.pilot.traceSampling=100 --readiness-timeout 10m0s',
        ...rollout('istio-system', 'deployment/istiod'),
      ],
    ],
    [
      'Istio by Helm, with a setting and a lab',
      spec('istio', { by: 'helm', settings: { 'meshConfig.accessLogFile': '/dev/stdout' }, lab: aLab }),
      [
        createIstio,
        upgrade('istio-base', 'base', istioCharts, '1.30.3', 'istio-system'),
        `${upgrade('istiod', 'istiod', istioCharts, '1.30.3', 'istio-system')} --set meshConfig.accessLogFile=/dev/stdout`,
        ...rollout('istio-system', 'deployment/istiod'),
        '(lab)',
      ],
    ],
    [
      'Linkerd by linkerd',
      spec('linkerd'),
      [
        create('linkerd'),
        gatewayApi,
        'linkerd install --crds | kubectl apply --filename -',
        'linkerd install | kubectl apply --filename -',
        ...linkerdReady,
        'linkerd viz install | kubectl apply --filename -',
        ...vizReady,
      ],
    ],
    [
      'Linkerd by Helm, which needs certificates of ours',
      spec('linkerd', { by: 'helm' }),
      [
        create('linkerd'),
        gatewayApi,
        `${upgrade('linkerd-crds', 'linkerd-crds', 'https://helm.linkerd.io/edge', '2026.6.3', 'linkerd')} --set installGatewayAPI=false`,
        'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /state/ca.key -out /state/ca.crt -days 3650 -subj /CN=root.linkerd.cluster.local -addext basicConstraints=critical,CA:true -addext keyUsage=critical,keyCertSign,cRLSign',
        'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -CA /state/ca.crt -CAkey /state/ca.key -keyout /state/issuer.pem -out /state/issuer.crt -days 365 -subj /CN=identity.linkerd.cluster.local -addext basicConstraints=critical,CA:true,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign',
        'openssl ec -in /state/issuer.pem -out /state/issuer.key',
        `${upgrade('linkerd-control-plane', 'linkerd-control-plane', 'https://helm.linkerd.io/edge', '2026.6.3', 'linkerd')} --set-file identityTrustAnchorsPEM=/state/ca.crt --set-file identity.issuer.tls.crtPEM=/state/issuer.crt --set-file identity.issuer.tls.keyPEM=/state/issuer.key`,
        ...linkerdReady,
        upgrade('linkerd-viz', 'linkerd-viz', 'https://helm.linkerd.io/edge', '2026.6.3', 'linkerd-viz'),
        ...vizReady,
      ],
    ],
    [
      'Cilium by cilium: no waiting for nodes that have no CNI yet',
      spec('cilium'),
      [create('cilium', ''), `cilium install --version ${meshVersions.cilium} ${ciliumValues}`, ...ciliumReady],
    ],
    [
      'Cilium by Helm',
      spec('cilium', { by: 'helm' }),
      [
        create('cilium', ''),
        `${upgrade('cilium', 'cilium', 'https://helm.cilium.io', meshVersions.cilium, 'kube-system')} ${ciliumValues}`,
        ...ciliumReady,
      ],
    ],
    [
      'Consul by consul-k8s',
      spec('consul'),
      [create('consul'), `consul-k8s install -auto-approve -namespace=consul ${consulValues('-set')}`, ...consulReady],
    ],
    [
      'Consul by Helm',
      spec('consul', { by: 'helm' }),
      [
        create('consul'),
        `${upgrade('consul', 'consul', 'https://helm.releases.hashicorp.com', meshVersions.consul, 'consul')} ${consulValues('--set')}`,
        ...consulReady,
      ],
    ],
  ])('%s', (_, given, expected) => {
    expect(commands(given)).toEqual(expected)
  })

  test('removing: kind, by the name, with the kubeconfig of that cluster', () => {
    expect(planDelete('meshdojo-istio', 'docker', '/state/kubeconfig').steps.flatMap(commandsOf)).toEqual([
      'kind delete cluster --name meshdojo-istio --kubeconfig /state/kubeconfig',
    ])
  })
})

describe('every plan', () => {
  const all = (Object.keys(meshVersions) as MeshName[]).flatMap((mesh) =>
    (['tool', 'helm'] as const).flatMap((by) => runtimes.map((runtime) => spec(mesh, { by, runtime, lab: aLab }))),
  )

  test.each(all.map((each) => [`${each.mesh} by ${each.by} on ${each.runtime}`, each] as const))(
    '%s sees the cluster’s own kubeconfig and no other, and names no step twice',
    (_, given) => {
      const { env, steps } = planCluster(given)
      expect(env.KUBECONFIG).toBe('/state/kubeconfig')
      expect(env.KIND_EXPERIMENTAL_PROVIDER).toBe(given.runtime === 'docker' ? undefined : given.runtime)
      expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length)
      // All that may be done again without asking is putting the lab in.
      expect(steps.filter(({ done }) => done.length === 0).map(({ id }) => id)).toEqual(['lab'])
    },
  )

  test('is told with everything that it would run, ask or write', () => {
    for (const given of all) {
      const text = describePlan(planCluster(given))
      for (const step of planCluster(given).steps) {
        const asked = step.done.map((test) => ('file' in test ? test.file : formatCommand(test.command)))
        for (const line of [...commandsOf(step).filter((each) => each !== '(lab)'), ...asked])
          expect(text).toContain(line)
      }
    }
  })
})

test('every config pins the node image by the digest of the plan, and labels its nodes', () => {
  const files = readdirSync(packagePath('kind-configs'))
  expect(files).toEqual((Object.keys(meshVersions) as string[]).map((mesh) => `${mesh}.yaml`).sort())
  for (const file of files) {
    const config = parse(readFileSync(packagePath(`kind-configs/${file}`), 'utf8')) as {
      nodes: { image: string; labels: Record<string, string> }[]
      networking?: { disableDefaultCNI?: boolean }
    }
    for (const { image, labels } of config.nodes) {
      expect(image).toBe(nodeImage)
      expect(labels).toEqual({ 'meshdojo.dev/made-by': 'meshdojo' })
    }
    expect(config.networking?.disableDefaultCNI ?? false).toBe(file === 'cilium.yaml')
  }
})

test('a lab that wants its mesh in its own way has a cluster of its own, others share the mesh’s', () => {
  const version = meshVersions.istio
  const own = (install?: { version?: string; settings?: Record<string, string> }) =>
    installedItsOwnWay({ mesh: 'istio', install })
  expect([own(), own({}), own({ version }), own({ settings: {} })]).toEqual([false, false, false, false])
  expect([own({ version: '1.29.1' }), own({ version, settings: { a: 'b' } })]).toEqual([true, true])
})
