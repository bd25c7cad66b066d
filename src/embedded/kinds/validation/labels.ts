/** Labels and annotations inside specs, such as those of a pod template. An object's own are checked by the API server. */
import type { FieldError } from '../kind.ts'
import { invalid } from './errors.ts'
import { labelValueFormat, qualifiedName } from './names.ts'

export const labelErrors = (labels: Record<string, string> | undefined, field: string): FieldError[] =>
  Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...qualifiedName(key).map((says) => invalid(field, key, says)),
    ...labelValueFormat(value).map((says) => invalid(field, value, says)),
  ])

export const annotationErrors = (annotations: Record<string, string> | undefined, field: string): FieldError[] =>
  Object.keys(annotations ?? {}).flatMap((key) =>
    qualifiedName(key.toLowerCase()).map((says) => invalid(field, key, says)),
  )
