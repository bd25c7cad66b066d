/** What holds for the metadata of every object, built-in or custom. Follows apimachinery's ValidateObjectMeta. */
import type { KubeObject, ObjectMeta } from '../../../kube/api.ts'
import type { FieldError, Kind } from '../kind.ts'
import { forbidden, invalid, required, tooLong } from './errors.ts'
import { dns1035Label, dnsLabel, dnsSubdomain, labelValueFormat, pathSegment, qualifiedName } from './names.ts'

const formats = { subdomain: dnsSubdomain, label: dnsLabel, dns1035: dns1035Label, path: pathSegment }
const annotationBytes = 256 * 1024
const standardFinalizers = ['orphan', 'foregroundDeletion', 'kubernetes']

const nameErrors = (metadata: ObjectMeta, format: NonNullable<Kind['nameFormat']>): FieldError[] => {
  const errors: FieldError[] = []
  const { name, generateName } = metadata
  if (generateName) {
    // A name is still to be appended: a trailing hyphen is fine.
    const shown = generateName.endsWith('-') ? `${generateName}a` : generateName
    errors.push(...formats[format](shown).map((says) => invalid('metadata.generateName', generateName, says)))
  }
  if (name) errors.push(...formats[format](name).map((says) => invalid('metadata.name', name, says)))
  else if (!generateName) errors.push(required('metadata.name', 'name or generateName is required'))
  return errors
}

/** Also for the labels and selectors inside specs: `spec.template.metadata.labels`. */
export const labelErrors = (labels: Record<string, string> | undefined, field: string): FieldError[] =>
  Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...qualifiedName(key).map((says) => invalid(field, key, says)),
    ...labelValueFormat(value).map((says) => invalid(field, value, says)),
  ])

export const annotationErrors = (annotations: Record<string, string> | undefined, field: string): FieldError[] => {
  const errors = Object.keys(annotations ?? {}).flatMap((key) =>
    qualifiedName(key.toLowerCase()).map((says) => invalid(field, key, says)),
  )
  const bytes = Object.entries(annotations ?? {}).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  )
  return bytes > annotationBytes ? [...errors, tooLong(field, annotationBytes)] : errors
}

const ownerErrors = (metadata: ObjectMeta): FieldError[] => {
  const field = 'metadata.ownerReferences'
  const owners = metadata.ownerReferences ?? []
  const errors = owners.flatMap((owner) => [
    ...(owner.apiVersion ? [] : [invalid(`${field}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty')]),
    ...(owner.kind ? [] : [invalid(`${field}.kind`, owner.kind ?? '', 'must not be empty')]),
    ...(owner.name ? [] : [invalid(`${field}.name`, owner.name ?? '', 'must not be empty')]),
    ...(owner.uid ? [] : [invalid(`${field}.uid`, owner.uid ?? '', 'must not be empty')]),
  ])
  const controllers = owners.filter((owner) => owner.controller)
  if (controllers.length > 1) {
    const named = controllers.map((owner) => owner.name).join(', ')
    errors.push(
      invalid(
        field,
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${named}`,
      ),
    )
  }
  return errors
}

const finalizerErrors = (metadata: ObjectMeta, old: ObjectMeta | undefined): FieldError[] => {
  const field = 'metadata.finalizers'
  const errors = (metadata.finalizers ?? []).flatMap((finalizer) =>
    standardFinalizers.includes(finalizer)
      ? []
      : qualifiedName(finalizer).map((says) => invalid(field, finalizer, says)),
  )
  const added = (metadata.finalizers ?? []).filter((finalizer) => !old?.finalizers?.includes(finalizer))
  if (old?.deletionTimestamp && added.length > 0) {
    const shown = added.map((finalizer) => JSON.stringify(finalizer)).join(', ')
    const says = 'no new finalizers can be added if the object is being deleted, found new finalizers'
    errors.push(forbidden(field, `${says} []string{${shown}}`))
  }
  return errors
}

/**
 * All problems of `object.metadata`. The name may still be missing when `generateName` is there. That name, namespace
 * and uid do not change is the API server's own check, because it answers with other codes than 422.
 */
export const metadataErrors = (kind: Pick<Kind, 'nameFormat'>, object: KubeObject, old?: KubeObject): FieldError[] => {
  const { metadata } = object
  return [
    ...nameErrors(metadata, kind.nameFormat ?? 'subdomain'),
    ...labelErrors(metadata.labels, 'metadata.labels'),
    ...annotationErrors(metadata.annotations, 'metadata.annotations'),
    ...ownerErrors(metadata),
    ...finalizerErrors(metadata, old?.metadata),
  ]
}
