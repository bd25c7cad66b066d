/** A small CRD that uses what CRDs can do, for the tests beside it. */
import type { CrdVersion, CustomResourceDefinition } from '../../../src/embedded/crds/definition.ts'
import type { JsonSchema } from '../../../src/embedded/crds/schema.ts'

export const widgetSpec: JsonSchema = {
  type: 'object',
  required: ['size'],
  'x-kubernetes-validations': [
    { rule: '!has(self.replicas) || self.replicas <= self.size', message: 'replicas must not exceed size' },
    { rule: 'self.size >= oldSelf.size', message: 'size may only grow' },
  ],
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 10 },
    color: { type: 'string', enum: ['red', 'green'], default: 'red' },
    replicas: { type: 'integer' },
    share: { type: 'integer', format: 'int32' },
    tags: { type: 'array', maxItems: 3, items: { type: 'string', maxLength: 5 }, 'x-kubernetes-list-type': 'set' },
    parts: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['id'],
      items: {
        type: 'object',
        required: ['id'],
        properties: { id: { type: 'string', pattern: '^a+$' }, weight: { type: 'integer', default: 1 } },
      },
    },
    when: { type: 'string', format: 'date-time' },
    port: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
    labels: { type: 'object', additionalProperties: { type: 'string' }, minProperties: 1 },
    nested: { type: 'object', default: {}, properties: { on: { type: 'boolean', default: true } } },
    note: { type: 'string', nullable: true },
    match: {
      type: 'object',
      oneOf: [{ required: ['exact'] }, { required: ['prefix'] }],
      properties: { exact: { type: 'string' }, prefix: { type: 'string' } },
    },
    raw: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      properties: { known: { type: 'object', properties: { a: { type: 'string' } } } },
    },
    template: { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'object' } } },
  },
}

export const widgetCrd = (
  version: Partial<CrdVersion> = {},
  spec: JsonSchema = widgetSpec,
): CustomResourceDefinition => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.ex.io' },
  spec: {
    group: 'ex.io',
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
        ...version,
      },
    ],
  },
})

export const widget = (spec: object) => ({
  apiVersion: 'ex.io/v1',
  kind: 'Widget',
  metadata: { name: 'w', namespace: 'default' },
  spec,
})
