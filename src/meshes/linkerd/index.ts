/** Linkerd with its proxies as native sidecars, as one `Mesh`. Not modelled: multicluster, external workloads, ingress mode. */
import type { Mesh } from '../mesh.ts'
import { compile, type LinkerdModel, reads } from './compile.ts'
import { decide } from './decide.ts'
import { annotate, inject } from './inject.ts'
import { install } from './install.ts'
import { localAnswer } from './local-answer.ts'
import { controlPlane, identityOf, inboundBypass, isMeshed, proxyContainer, trustDomain } from './pods.ts'
import { telemetry } from './telemetry.ts'
import { validate } from './validate.ts'
import { webhookServers } from './webhooks.ts'

export type { LinkerdModel } from './compile.ts'

export const linkerd: Mesh<LinkerdModel> = {
  name: 'linkerd',
  proxyContainer,
  metricsPage: { port: 4191, path: '/metrics' },
  identityHeader: 'l5d-client-id',
  localAnswer,
  reads,
  compile,
  decide,
  crds: async () => (await import('./crds/index.ts')).crds(),
  install,
  validator: 'linkerd-policy-validator.linkerd.io',
  validate,
  inject,
  annotate,
  isMeshed,
  meetsProbes: (pod, port) => isMeshed(pod) && inboundBypass(pod, port) === undefined,
  identity: (_model, pod) => identityOf(pod),
  trust: {
    kind: 'anchored',
    namespace: controlPlane,
    trustDomain,
    issuer: { secret: 'linkerd-identity-issuer', keys: ['crt.pem', 'key.pem'] },
    anchors: { configMap: 'linkerd-identity-trust-roots', key: 'ca-bundle.crt' },
    labels: { 'linkerd.io/control-plane-component': 'identity', 'linkerd.io/control-plane-ns': controlPlane },
    commonName: `identity.${controlPlane}.${trustDomain}`,
    controller: 'linkerd-identity',
    recorded: { configMap: 'linkerd-config', key: 'values', field: 'identityTrustAnchorsPEM' },
    webhooks: webhookServers,
  },
  telemetry,
}
