/** Istio in sidecar mode with ingress gateways, as one `Mesh`. Ambient mode (ztunnel, waypoints) is not modelled. */
import type { Mesh } from '../mesh.ts'
import { compile, type IstioModel, reads } from './compile.ts'
import { decide } from './decide.ts'
import { inject, neverInjected } from './inject.ts'
import { statusPort } from './injection/probes.ts'
import { install } from './install.ts'
import { identityOf, inboundBypass, isGateway, isMeshed, proxyContainer } from './pods.ts'
import { proxyConfig } from './proxy-config/index.ts'
import { telemetry } from './telemetry/index.ts'
import { validate } from './validate/validate.ts'

export type { IstioModel } from './compile.ts'

/** Whether any proxy may have to ask somebody else. */
const asksAuthorizers = ({ config: { providers } }: IstioModel): boolean => providers !== 'unread' && providers.size > 0

export const istio: Mesh<IstioModel> = {
  name: 'istio',
  proxyContainer,
  reads,
  compile,
  decide,
  gather: async (model, call, outside) =>
    model.requestAuthentications.size === 0 && !asksAuthorizers(model)
      ? { ...call, tokens: [] }
      : (await import('./gather.ts')).gather(model, call, outside),
  crds: async () => (await import('./crds/index.ts')).crds(),
  install,
  validator: 'validation.istio.io',
  validate,
  inject,
  isMeshed,
  // Probes that the injector pointed at pilot-agent meet no proxy: its ports are not captured.
  meetsProbes: (pod, port) =>
    isMeshed(pod) && !isGateway(pod) && port !== statusPort(pod) && inboundBypass(pod, port) === undefined,
  isGateway,
  trust: {
    kind: 'published',
    namespace: 'istio-system',
    trustDomain: 'cluster.local',
    suppliedSecret: 'cacerts',
    ownSecret: 'istio-ca-secret',
    rootConfigMap: 'istio-ca-root-cert',
    rootKey: 'root-cert.pem',
    rootLabels: { 'istio.io/config': 'true' },
    ignored: neverInjected,
  },
  identity: (model, pod) => identityOf(pod, model.config.trustDomain),
  proxyConfig,
  telemetry,
}
