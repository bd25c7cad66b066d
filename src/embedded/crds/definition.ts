/** A CustomResourceDefinition, apiextensions.k8s.io/v1, as far as it is read here. */
import type { KubeObject } from '../../kube/api.ts'
import type { JsonSchema } from './schema.ts'

export interface PrinterColumn {
  name: string
  type: string
  format?: string
  description?: string
  priority?: number
  jsonPath: string
}

export interface CrdVersion {
  name: string
  served: boolean
  storage: boolean
  deprecated?: boolean
  deprecationWarning?: string
  schema?: { openAPIV3Schema?: JsonSchema }
  subresources?: {
    status?: object
    scale?: { specReplicasPath: string; statusReplicasPath: string; labelSelectorPath?: string }
  }
  additionalPrinterColumns?: PrinterColumn[]
  selectableFields?: { jsonPath: string }[]
}

export interface CrdNames {
  plural: string
  singular?: string
  kind: string
  listKind?: string
  shortNames?: string[]
  categories?: string[]
}

export interface CrdCondition {
  type: string
  status: 'True' | 'False' | 'Unknown'
  reason?: string
  message?: string
  lastTransitionTime?: string
}

export interface CustomResourceDefinition extends KubeObject {
  spec: {
    group: string
    names: CrdNames
    scope: string
    versions: CrdVersion[]
    conversion?: { strategy: string; [field: string]: unknown }
    preserveUnknownFields?: boolean
  }
  status?: { conditions?: CrdCondition[]; acceptedNames?: Partial<CrdNames>; storedVersions?: string[] }
}

/** Made whole enough to be read without asking at every step; validation still sees the object as it was sent. */
export const asDefinition = (object: KubeObject): CustomResourceDefinition => {
  const spec = (object.spec ?? {}) as Partial<CustomResourceDefinition['spec']>
  const { group = '', names, scope = '', versions = [], ...rest } = spec
  return { ...object, spec: { group, names: { plural: '', kind: '', ...names }, scope, versions, ...rest } }
}

export const hasCondition = (crd: CustomResourceDefinition, type: string): boolean =>
  (crd.status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')
