/** A CustomResourceDefinition around specs: what is the same for every kind of Linkerd, and the pieces that kinds share. */
import type { KubeObject } from '../../../kube/api.ts'
import { choice, doc, list, object, type Schema, string, text } from '../../schema.ts'

export interface Version {
  name: string
  spec: Schema
  /** What the API server warns of. */
  deprecated?: string
  status?: Schema
  columns?: [name: string, type: string, jsonPath: string, description: string][]
}

export interface Definition {
  group: string
  kind: string
  plural: string
  shortNames?: string[]
  versions: Version[]
  /** The version that is stored. */
  storage: string
  labels?: Record<string, string>
}

export const crd = ({ group, kind, plural, shortNames, versions, storage, labels }: Definition): KubeObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.${group}`, labels: labels ?? { 'linkerd.io/control-plane-ns': 'linkerd' } },
  spec: {
    group,
    scope: 'Namespaced',
    names: { kind, plural, singular: kind.toLowerCase(), ...(shortNames ? { shortNames } : {}) },
    versions: versions.map(({ name, spec, deprecated, status, columns }) => ({
      name,
      served: true,
      storage: name === storage,
      ...(deprecated === undefined ? {} : { deprecated: true, deprecationWarning: deprecated }),
      ...(status === undefined ? {} : { subresources: { status: {} } }),
      ...(columns === undefined
        ? {}
        : {
            additionalPrinterColumns: columns.map(([title, type, jsonPath, description]) => ({
              name: title,
              type,
              jsonPath,
              description,
            })),
          }),
      schema: {
        openAPIV3Schema: object({ spec, ...(status === undefined ? {} : { status }) }, { required: ['spec'] }),
      },
    })),
  },
})

export const groupName = doc(
  'The API group of what is meant; empty for the core group.',
  string({ maxLength: 253, pattern: '^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$' }),
)
export const kindName = doc(
  'The kind of what is meant.',
  string({ minLength: 1, maxLength: 63, pattern: '^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$' }),
)
export const objectName = doc('The name of what is meant.', string({ minLength: 1, maxLength: 253 }))
export const spaceName = doc('Its namespace; absent: the one of this object.', string({ maxLength: 253 }))

const preserved: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }

/** A label selector; `{}` selects everything. */
export const selector = (description: string): Schema =>
  doc(
    description,
    object({
      matchLabels: preserved,
      matchExpressions: list(
        object(
          { key: text, operator: choice('In', 'NotIn', 'Exists', 'DoesNotExist'), values: list(text) },
          { required: ['key', 'operator'] },
        ),
      ),
    }),
  )

export const networks = list(
  object(
    {
      cidr: doc('A range of addresses, or one address.', text),
      except: doc('Parts of the range that are left out.', list(text)),
    },
    { required: ['cidr'] },
  ),
)

/** Conditions by parent, or anything else that the policy controller writes. */
export const anyStatus: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
