/** Linkerd with its proxies as native sidecars, as one `Mesh`. Not modelled: multicluster, external workloads, ingress mode. */
import type { Mesh } from '../mesh.ts'
import { compile, type LinkerdModel, reads } from './compile.ts'
import { decide } from './decide.ts'
import { inject } from './inject.ts'
import { install } from './install.ts'
import { identityOf, isMeshed } from './pods.ts'
import { validate } from './validate.ts'

export type { LinkerdModel } from './compile.ts'

export const linkerd: Mesh<LinkerdModel> = {
  name: 'linkerd',
  reads,
  compile,
  decide,
  crds: async () => (await import('./crds/index.ts')).crds(),
  install,
  validate,
  inject,
  isMeshed,
  identity: (_model, pod) => identityOf(pod),
}
