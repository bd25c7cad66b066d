/**
 * What the API server knows about one kind, as a record: names, defaults, validation, printer columns. Built-in kinds
 * are such records in this folder; a CustomResourceDefinition becomes one at run time.
 */
import type { KubeObject } from '../../kube/api.ts'

/** One `details.causes` entry of a 422. */
export interface FieldError {
  /** `spec.template.spec.containers[0].image` */
  field: string
  /** FieldValueRequired, FieldValueInvalid, FieldValueNotSupported, FieldValueForbidden, FieldValueDuplicate, … */
  reason: string
  /** As kubectl shows it, without the field: `Required value`, `Invalid value: "x": must be …`. */
  message: string
}

export interface Column {
  name: string
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date'
  format?: string
  description?: string
  /** 0 is always shown, 1 only with `-o wide`. */
  priority?: number
  /** The cell; `now` in milliseconds for ages. */
  cell: (object: KubeObject, now: number) => string | number | boolean | null
}

export interface Kind {
  group: string
  version: string
  kind: string
  /** Plural, lower case. */
  resource: string
  singular: string
  listKind?: string
  shortNames?: string[]
  categories?: string[]
  namespaced: boolean
  /** Default: create delete deletecollection get list patch update watch. Reviews are create only. */
  verbs?: string[]
  /** Name of the Go struct in the field table, `core/v1.Pod` (protobuf, strict decoding, merge keys, OpenAPI); absent for CRDs. Without it, built-ins are found by group, version and kind. */
  goType?: string
  /** Whether `/status` exists: then `status` sent to the main path is ignored. */
  status?: boolean
  /**
   * Set where the objects are stored as another kind: the same ones in another form, with no defaults or rules of its
   * own. The stored kind comes before it in the table.
   */
  stored?: {
    group: string
    resource: string
    toStored: (object: KubeObject) => KubeObject
    fromStored: (object: KubeObject) => KubeObject
  }
  /** Where `/scale` reads and writes, as dotted paths: `spec.replicas`. */
  scale?: { specReplicas: string; statusReplicas: string; selector?: string }
  /** Other subresources, for discovery: `pods/exec` and so on. */
  subresources?: { name: string; kind: string; group?: string; version?: string; verbs: string[] }[]
  /** Whether `metadata.generation` is kept: rises with every change outside metadata and status, or of annotations too. */
  generation?: boolean | 'annotations'
  /** Fills in what the user left out, in place; runs before validation, on every write. */
  setDefaults?: (object: KubeObject) => void
  /**
   * Drops what the schema does not know, in place, and returns the dropped paths in document order (`spec.foo`).
   * CRDs bring theirs; built-ins are decoded with the field table (`kinds/fields.ts`) instead.
   */
  prune?: (object: KubeObject) => string[]
  /** The OpenAPI v3 schema of a CRD version; built-ins have `goType` instead. */
  schema?: Readonly<Record<string, unknown>>
  /** All problems at once. `old` on updates. */
  validate?: (object: KubeObject, old?: KubeObject) => FieldError[]
  /** What is accepted and yet hardly meant, each sent as a warning; after validation. `old` on updates. */
  warnings?: (object: KubeObject, old?: KubeObject) => string[]
  columns: Column[]
  /** Field selectors besides metadata.name and metadata.namespace. */
  selectableFields?: Record<string, (object: KubeObject) => string>
  /** Deletion waits for a grace period, as pods do. */
  graceful?: boolean
  /** What `metadata.name` must look like; `path` (RBAC) only forbids `/`, `%`, `.` and `..`. Default: `subdomain`. */
  nameFormat?: 'subdomain' | 'label' | 'dns1035' | 'path'
  /** DELETE answers with the deleted object instead of a `Status` (pods, services, …). */
  deleteReturnsObject?: boolean
  /** Sent as a warning with every answer about it. */
  deprecation?: string
  /** PUT to a name that does not exist creates it (leases and a few others). */
  createOnUpdate?: boolean
}
