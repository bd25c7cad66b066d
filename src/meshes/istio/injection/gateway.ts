/**
 * The gateway template, which a pod asks for by annotation: its own `istio-proxy` with `image: auto` becomes a proxy that
 * guards no application. What the pod says of the container itself wins. Upstream: the chart's
 * files/gateway-injection-template.yaml; pkg/kube/inject/webhook.go (reapplyOverwrittenContainers).
 * Not modelled: several templates at once.
 */
import type { Container, Pod, PodSpec } from '../../../kube/kinds.ts'
import { proxyContainer } from '../pods.ts'
import { fields, list } from '../read.ts'
import { sidecar, volumes, type Workload } from './template.ts'

/** Whether the pod asks for it. */
export const asksForGateway = ({ metadata }: Pod): boolean =>
  (metadata.annotations?.['inject.istio.io/templates'] ?? '').split(',').some((name) => name.trim() === 'gateway')

/** The template knows nothing of revoked certificates. */
const isOfGateway = ({ name }: { name: string }): boolean => name !== 'istio-ca-crl'

/** Lists that Kubernetes merges by a key: the pod's entries win. */
const merged = <T extends object>(template: readonly T[] = [], own: readonly T[] = [], key: keyof T): T[] => [
  ...template.filter((each) => !own.some((other) => other[key] === each[key])),
  ...own,
]

interface Mount {
  name: string
  mountPath: string
}
const mountsOf = ({ volumeMounts }: Container): Mount[] => list(volumeMounts) as Mount[]

const router = (pod: Pod, workload: Workload): Container => {
  const {
    startupProbe: _startup,
    lifecycle: _lifecycle,
    restartPolicy: _policy,
    resources: _resources,
    ...proxy
  } = sidecar(pod, workload)
  return {
    ...proxy,
    args: proxy.args?.map((each) => (each === 'sidecar' ? 'router' : each)) ?? [],
    securityContext: { runAsGroup: 1337, runAsUser: 1337 },
    volumeMounts: mountsOf(proxy).filter(isOfGateway),
  }
}

const applied = (template: Container, own: Container | undefined): Container => {
  if (own === undefined) return template
  const { image, ...said } = own
  return {
    ...template,
    ...said,
    image: image === undefined || image === '' || image === 'auto' ? template.image : image,
    env: merged(template.env, own.env, 'name'),
    ports: merged(template.ports, own.ports, 'containerPort'),
    volumeMounts: merged(mountsOf(template), mountsOf(own), 'mountPath'),
    securityContext: { ...fields(template.securityContext), ...fields(own.securityContext) },
  }
}

/** The spec of a gateway's pod. */
export const gatewaySpec = (pod: Pod, workload: Workload): PodSpec => {
  const others = pod.spec.containers.filter(({ name }) => name !== proxyContainer)
  const own = pod.spec.containers.find(({ name }) => name === proxyContainer)
  const template = router(pod, workload)
  return {
    ...pod.spec,
    securityContext: {
      sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '0' }],
      ...fields(pod.spec.securityContext),
    },
    containers: [...others, applied(template, own)],
    volumes: merged(volumes.filter(isOfGateway), Array.isArray(pod.spec.volumes) ? pod.spec.volumes : [], 'name'),
  }
}
