/**
 * The control plane as it runs: Deployments with the proxies that their manifests bring, and their Services. Upstream:
 * charts/linkerd-control-plane/templates/{destination,identity,proxy-injector}.yaml.
 * Not as upstream: the anchors of the control plane's own proxies are no variable of theirs.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import { initContainer, proxy, volumes } from './injection.ts'
import { controlPlane as namespace, trustDomain } from './pods.ts'
import { linkerdVersion } from './version.ts'

export const labels = (component: string) => ({
  'app.kubernetes.io/name': component,
  'app.kubernetes.io/part-of': 'Linkerd',
  'app.kubernetes.io/version': linkerdVersion,
  'linkerd.io/control-plane-component': component.replace('linkerd-', ''),
  'linkerd.io/control-plane-ns': namespace,
})

interface Part {
  name: string
  containers: { name: string; command: string; ports: [name: string, port: number][] }[]
}

const parts: Part[] = [
  {
    name: 'linkerd-destination',
    containers: [
      {
        name: 'destination',
        command: 'destination',
        ports: [
          ['dest-grpc', 8086],
          ['dest-admin', 9996],
        ],
      },
      {
        name: 'sp-validator',
        command: 'sp-validator',
        ports: [
          ['sp-validator', 8443],
          ['spval-admin', 9997],
        ],
      },
      {
        name: 'policy',
        command: 'policy',
        ports: [
          ['policy-grpc', 8090],
          ['policy-admin', 9990],
          ['policy-https', 9443],
        ],
      },
    ],
  },
  {
    name: 'linkerd-identity',
    containers: [
      {
        name: 'identity',
        command: 'identity',
        ports: [
          ['ident-grpc', 8080],
          ['ident-admin', 9990],
        ],
      },
    ],
  },
  {
    name: 'linkerd-proxy-injector',
    containers: [
      {
        name: 'proxy-injector',
        command: 'proxy-injector',
        ports: [
          ['proxy-injector', 8443],
          ['injector-admin', 9995],
        ],
      },
    ],
  },
]

/** The control plane is never injected: its manifests bring the proxies (templates/destination.yaml, partials.proxy). */
const withProxy = (template: Pick<Pod, 'spec'> & { metadata: Omit<Pod['metadata'], 'name'> }) => {
  const pod = { apiVersion: 'v1', kind: 'Pod', ...template } as Pod
  return { ...template, spec: { ...template.spec, initContainers: [initContainer(pod), proxy(pod)], volumes } }
}

const deployment = ({ name, containers }: Part): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace, labels: labels(name) },
  spec: {
    selector: { matchLabels: { 'linkerd.io/control-plane-component': name.replace('linkerd-', '') } },
    template: withProxy({
      metadata: {
        labels: { ...labels(name), 'linkerd.io/workload-ns': namespace, 'linkerd.io/proxy-deployment': name },
        annotations: {
          'linkerd.io/created-by': `linkerd/cli ${linkerdVersion}`,
          'linkerd.io/proxy-version': linkerdVersion,
          'config.linkerd.io/default-inbound-policy': 'all-unauthenticated',
        },
      },
      spec: {
        serviceAccountName: name,
        containers: containers.map((each) => ({
          name: each.name,
          image: `cr.l5d.io/linkerd/controller:${linkerdVersion}`,
          args: [each.command, `-controller-namespace=${namespace}`, `-identity-trust-domain=${trustDomain}`],
          ports: each.ports.map(([port, containerPort]) => ({ name: port, containerPort, protocol: 'TCP' })),
          readinessProbe: {
            httpGet: { path: '/ready', port: each.ports.find(([port]) => port.endsWith('-admin'))?.[1] },
          },
        })),
      },
    }),
  },
})

const service = (
  name: string,
  component: string,
  port: number,
  targetPort: number | string,
  headless = false,
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace, labels: labels(component) },
  spec: {
    ...(headless ? { clusterIP: 'None' } : {}),
    selector: { 'linkerd.io/control-plane-component': component.replace('linkerd-', '') },
    ports: [{ name: 'grpc', port, targetPort, protocol: 'TCP' }],
  },
})

/** Each has a ServiceAccount of its name. */
export const components = parts.map(({ name }) => name)

export const workloads = (): KubeObject[] => [
  service('linkerd-dst', 'linkerd-destination', 8086, 8086),
  service('linkerd-dst-headless', 'linkerd-destination', 8086, 8086, true),
  service('linkerd-policy', 'linkerd-destination', 8090, 8090, true),
  service('linkerd-policy-validator', 'linkerd-destination', 443, 'policy-https'),
  service('linkerd-sp-validator', 'linkerd-destination', 443, 'sp-validator'),
  service('linkerd-identity', 'linkerd-identity', 8080, 8080),
  service('linkerd-identity-headless', 'linkerd-identity', 8080, 8080, true),
  service('linkerd-proxy-injector', 'linkerd-proxy-injector', 443, 'proxy-injector'),
  ...parts.map(deployment),
]
