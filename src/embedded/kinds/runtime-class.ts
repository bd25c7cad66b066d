/** RuntimeClasses. Not modelled: handlers run nothing differently, and their overhead and scheduling are not added to pods. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import type { Kind } from './kind.ts'
import { immutable, invalid, required } from './validation/errors.ts'
import { dnsLabel } from './validation/names.ts'

interface RuntimeClass extends KubeObject {
  handler?: string
}

export const runtimeClassKind: Kind = {
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  singular: 'runtimeclass',
  namespaced: false,
  goType: 'node/v1.RuntimeClass',
  validate: (object, old) => {
    const { handler = '' } = object as RuntimeClass
    if (!handler) return [required('handler')]
    return [
      ...dnsLabel(handler).map((says) => invalid('handler', handler, says)),
      ...(old ? immutable('handler', handler, (old as RuntimeClass).handler) : []),
    ]
  },
  columns: [nameColumn, text<RuntimeClass>('Handler', ({ handler }) => handler ?? ''), ageColumn],
}
