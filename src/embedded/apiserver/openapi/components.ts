/**
 * OpenAPI schemas of the built-in types, made from the field table, with the few descriptions that learners look up
 * with `kubectl explain`. Not modelled: enums and formats beyond Go's types.
 */
import { readFileSync } from 'node:fs'
import { packagePath } from '../../../root.ts'
import { fieldTable, type GoField, type GoStruct } from '../../kinds/fields.ts'

export type Schema = { [key: string]: unknown }

/** Struct name, then field name (or `""` for the struct itself), to one or two sentences. */
type Descriptions = Record<string, Record<string, string>>

const packages: Record<string, string> = {
  meta: 'io.k8s.apimachinery.pkg.apis.meta.',
  resource: 'io.k8s.apimachinery.pkg.api.resource.',
  intstr: 'io.k8s.apimachinery.pkg.util.intstr.',
  runtime: 'io.k8s.apimachinery.pkg.runtime.',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.',
}

/** `core/v1.Pod` as OpenAPI names it: `io.k8s.api.core.v1.Pod`. */
export const componentName = (struct: string): string => {
  const [head = '', rest = ''] = struct.split(/[/.](.*)/s)
  return `${packages[head] ?? `io.k8s.api.${head}.`}${rest}`
}

const leaves: Record<string, Schema> = {
  'meta/v1.Time': { type: 'string', format: 'date-time' },
  'meta/v1.MicroTime': { type: 'string', format: 'date-time' },
  'meta/v1.FieldsV1': { type: 'object' },
  'resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'intstr.IntOrString': { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  'runtime.RawExtension': { type: 'object' },
}

const scalars: Record<string, Schema> = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  float64: { type: 'number', format: 'double' },
  '[]uint8': { type: 'string', format: 'byte' },
  'v1.ExtraValue': { type: 'array', items: { type: 'string' } },
}

export const reference = (struct: string): Schema => ({ $ref: `#/components/schemas/${componentName(struct)}` })

const elementSchema = (field: GoField, goType: string): Schema =>
  field.struct === undefined ? { ...(scalars[goType] ?? { type: 'string' }) } : { allOf: [reference(field.struct)] }

const valueSchema = (field: GoField): Schema => {
  const goType = field.goType.replace(/^(\[\]|map\[[^\]]*\])/, '')
  if (field.repeated) return { type: 'array', items: elementSchema(field, goType) }
  if (field.map) return { type: 'object', additionalProperties: elementSchema(field, goType) }
  return elementSchema(field, field.goType)
}

const fieldSchema = (field: GoField, description: string | undefined): Schema => ({
  ...(description === undefined ? {} : { description }),
  ...valueSchema(field),
  ...(field.default === undefined ? {} : { default: field.default }),
  ...(field.patchStrategy.length > 0 ? { 'x-kubernetes-patch-strategy': field.patchStrategy.join(',') } : {}),
  ...(field.patchMergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': field.patchMergeKey }),
  ...(field.listType === undefined ? {} : { 'x-kubernetes-list-type': field.listType }),
  ...(field.listMapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': field.listMapKeys }),
  ...(field.mapType === undefined ? {} : { 'x-kubernetes-map-type': field.mapType }),
})

// Written even when empty, so without omitempty, but not demanded of anybody.
const optional = new Set([
  'rbac/v1.Role.rules',
  'rbac/v1.ClusterRole.rules',
  'discovery/v1.EndpointSlice.ports',
  'core/v1.Event.reportingComponent',
  'core/v1.Event.reportingInstance',
  'core/v1.AzureFilePersistentVolumeSource.secretNamespace',
  'core/v1.ContainerImage.names',
  'core/v1.GRPCAction.service',
  'core/v1.ProjectedVolumeSource.sources',
  'core/v1.TypedLocalObjectReference.apiGroup',
  'core/v1.TypedObjectReference.apiGroup',
  'authentication/v1.TokenRequestSpec.boundObjectRef',
  'authentication/v1.TokenRequestSpec.expirationSeconds',
  'autoscaling/v2.HorizontalPodAutoscalerStatus.currentMetrics',
  'networking/v1.IngressClassParametersReference.scope',
])

const structSchema = (struct: GoStruct, descriptions: Descriptions): Schema => {
  const texts = descriptions[struct.name] ?? {}
  const required = struct.fields
    .filter(({ name, omitEmpty }) => !omitEmpty && !optional.has(`${struct.name}.${name}`))
    .map(({ name }) => name)
  return {
    ...(texts[''] === undefined ? {} : { description: texts[''] }),
    type: 'object',
    properties: Object.fromEntries(
      struct.fields.map((field) => [
        field.name,
        fieldSchema(field, texts[field.name] ?? descriptions['*']?.[field.name]),
      ]),
    ),
    ...(required.length > 0 ? { required } : {}),
    ...(struct.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  }
}

/** Reads the descriptions that ship with the program. */
export const loadDescriptions = (): Descriptions =>
  JSON.parse(readFileSync(packagePath('data/kubernetes-descriptions.json'), 'utf8')) as Descriptions

/** Adds the schema of a struct and of everything that it refers to, by component name. */
export const addComponents = (into: Map<string, Schema>, name: string, descriptions: Descriptions): void => {
  const component = componentName(name)
  if (into.has(component)) return
  const struct = fieldTable().struct(name)
  if (!struct) {
    // Leaves without a schema of their own hold any JSON.
    into.set(component, leaves[name] ?? {})
    return
  }
  into.set(component, structSchema(struct, descriptions))
  for (const field of struct.fields) if (field.struct !== undefined) addComponents(into, field.struct, descriptions)
}
