/**
 * The rules of `metadata`: what the server sets, what may never change, what labels and names may look like
 * (k8s.io/apimachinery/pkg/api/validation/objectmeta.go and apiserver/pkg/registry/rest).
 */
import type { KubeObject, ObjectMeta } from '../../kube/api.ts'
import type { FieldError, Kind } from '../kinds/kind.ts'
import { field } from './errors.ts'
import { labelValueProblems, nameProblems, qualifiedNameProblems } from './names.ts'

const annotationsLimit = 256 * 1024

/** Every problem of an object's metadata on its own. */
export function validateMetadata(kind: Kind, metadata: ObjectMeta): FieldError[] {
  const format = kind.nameFormat ?? 'subdomain'
  const errors: FieldError[] = []
  if (metadata.generateName)
    for (const problem of nameProblems(metadata.generateName, format, true))
      errors.push(field.invalid('metadata.generateName', metadata.generateName, problem))
  if (!metadata.name) errors.push(field.required('metadata.name', 'name or generateName is required'))
  else
    for (const problem of nameProblems(metadata.name, format))
      errors.push(field.invalid('metadata.name', metadata.name, problem))
  if (kind.namespaced && !metadata.namespace) errors.push(field.required('metadata.namespace'))
  else if (kind.namespaced)
    for (const problem of nameProblems(metadata.namespace!, 'label'))
      errors.push(field.invalid('metadata.namespace', metadata.namespace, problem))
  errors.push(...validateLabels(metadata.labels), ...validateAnnotations(metadata.annotations))
  errors.push(
    ...validateOwners(metadata.ownerReferences),
    ...validateFinalizers(metadata.finalizers, kind.schema !== undefined || kind.group === 'apiextensions.k8s.io'),
  )
  return errors
}

function validateLabels(labels: Record<string, string> = {}): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...qualifiedNameProblems(key).map((problem) => field.invalid('metadata.labels', key, problem)),
    ...labelValueProblems(value).map((problem) => field.invalid('metadata.labels', value, problem)),
  ])
}

function validateAnnotations(annotations: Record<string, string> = {}): FieldError[] {
  const errors = Object.keys(annotations).flatMap((key) =>
    qualifiedNameProblems(key.toLowerCase()).map((problem) => field.invalid('metadata.annotations', key, problem)),
  )
  let size = 0
  for (const [key, value] of Object.entries(annotations)) size += Buffer.byteLength(key) + Buffer.byteLength(value)
  if (size > annotationsLimit) errors.push(field.tooLong('metadata.annotations', annotationsLimit))
  return errors
}

function validateOwners(owners: ObjectMeta['ownerReferences'] = []): FieldError[] {
  const errors = owners.flatMap((owner) => [
    ...(owner.apiVersion
      ? []
      : [field.invalid('metadata.ownerReferences.apiVersion', owner.apiVersion ?? '', 'version must not be empty')]),
    ...(owner.kind ? [] : [field.invalid('metadata.ownerReferences.kind', owner.kind ?? '', 'must not be empty')]),
    ...(owner.name ? [] : [field.invalid('metadata.ownerReferences.name', owner.name ?? '', 'must not be empty')]),
    ...(owner.uid ? [] : [field.invalid('metadata.ownerReferences.uid', owner.uid ?? '', 'must not be empty')]),
  ])
  const controllers = owners.filter((owner) => owner.controller)
  if (controllers.length > 1)
    errors.push(
      field.invalid(
        'metadata.ownerReferences',
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${controllers[0]!.kind}/${controllers[0]!.name} and ${controllers[1]!.kind}/${controllers[1]!.name}`,
      ),
    )
  return errors
}

/** Built-in kinds want a path in the name; custom ones and CustomResourceDefinitions only warn. */
const validateFinalizers = (finalizers: readonly string[] = [], isCustom: boolean): FieldError[] =>
  finalizers.flatMap((name, index) => {
    const problems = qualifiedNameProblems(name)
    if (problems.length > 0) return problems.map((problem) => field.invalid('metadata.finalizers', name, problem))
    if (isCustom || name.includes('/') || standardFinalizers.has(name)) return []
    const says = 'name is neither a standard finalizer name nor is it fully qualified'
    return [field.invalid(`metadata.finalizers[${index}]`, name, says)]
  })

/** Fills in what an update may leave out of the metadata, in place: identity and deletion belong to the server. */
export function inheritMetadata(metadata: ObjectMeta, old: ObjectMeta): void {
  metadata.uid ||= old.uid
  metadata.creationTimestamp ??= old.creationTimestamp
  if (old.deletionTimestamp === undefined) {
    delete metadata.deletionTimestamp
    delete metadata.deletionGracePeriodSeconds
  } else {
    metadata.deletionTimestamp ??= old.deletionTimestamp
    metadata.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds
  }
  if (old.generation === undefined) delete metadata.generation
  else metadata.generation = old.generation
}

const immutable = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const

/** What an update of existing metadata may not do. */
export function validateMetadataUpdate(metadata: ObjectMeta, old: ObjectMeta): FieldError[] {
  const errors = immutable
    .filter((name) => metadata[name] !== old[name])
    .map((name) => field.invalid(`metadata.${name}`, metadata[name], 'field is immutable'))
  const added = (metadata.finalizers ?? []).filter((name) => !old.finalizers?.includes(name))
  if (old.deletionTimestamp !== undefined && added.length > 0)
    errors.push(
      field.forbidden(
        'metadata.finalizers',
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((name) => JSON.stringify(name)).join(', ')}}`,
      ),
    )
  return errors
}

/** Warnings about metadata that is accepted but ill-advised. */
export const metadataWarnings = (object: KubeObject, old?: KubeObject): string[] =>
  (object.metadata.finalizers ?? [])
    .filter((name) => !name.includes('/') && !standardFinalizers.has(name) && !old?.metadata.finalizers?.includes(name))
    .map(
      (name) =>
        `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers`,
    )

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])
