/** CRDs' kinds in OpenAPI: the structural schema as written, with what every object has added. */
import type { Kind } from '../../kinds/kind.ts'
import { reference, type Schema } from './components.ts'

const typeMeta = {
  apiVersion: { type: 'string', description: 'The version of the schema of this object, such as `group/v1`.' },
  kind: { type: 'string', description: 'What this object is, in CamelCase. Cannot be changed.' },
}

/** `io.istio.security.v1.PeerAuthentication` */
export const customComponentName = (kind: Kind): string =>
  [...kind.group.split('.').reverse(), kind.version, kind.kind].join('.')

export const groupVersionKind = ({ group, version }: Kind, kind: string) => [{ group, version, kind }]

export const customSchema = (kind: Kind): Schema => {
  const schema = kind.schema ?? {}
  const properties = (schema.properties ?? {}) as Schema
  return {
    ...schema,
    type: 'object',
    properties: {
      ...properties,
      ...typeMeta,
      metadata: { allOf: [reference('meta/v1.ObjectMeta')], description: 'Name, namespace, labels and the like.' },
    },
    'x-kubernetes-group-version-kind': groupVersionKind(kind, kind.kind),
  }
}
