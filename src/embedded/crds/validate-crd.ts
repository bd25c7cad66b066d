/** What is wrong with a CustomResourceDefinition, in the API server's words. */
import type { KubeObject } from '../../kube/api.ts'
import type { FieldError } from '../kinds/kind.ts'
import { invalid, notSupported, required } from '../kinds/validation/errors.ts'
import { dns1035Label, dnsSubdomain } from '../kinds/validation/names.ts'
import { columnTypes } from './columns.ts'
import {
  asDefinition,
  type CrdNames,
  type CrdVersion,
  type CustomResourceDefinition,
  hasCondition,
} from './definition.ts'
import { compileJsonPath } from './jsonpath.ts'
import { checkStructural } from './structural.ts'

const approval = 'api-approved.kubernetes.io'
const isProtected = (group: string): boolean => /(^|\.)(k8s|kubernetes)\.io$/.test(group)

const checkGroup = (group: string): FieldError[] => {
  if (group === '') return [required('spec.group')]
  const problems = dnsSubdomain(group)
  if (problems.length > 0) return [invalid('spec.group', group, problems.join(','))]
  return group.includes('.') ? [] : [invalid('spec.group', group, 'should be a domain with at least one dot')]
}

const checkNames = (names: CrdNames): FieldError[] => {
  const errors: FieldError[] = []
  const label = (field: string, value: string, prefix = '') => {
    const problems = value === '' ? [] : dns1035Label(prefix === '' ? value : value.toLowerCase())
    if (problems.length > 0) errors.push(invalid(`spec.names.${field}`, value, prefix + problems.join(',')))
  }
  const mixed = 'may have mixed case, but should otherwise match: '
  const { plural, singular = '', kind, listKind = '', shortNames = [], categories = [] } = names
  for (const [field, value] of Object.entries({ plural, singular, kind, listKind })) {
    if (value === '') errors.push(required(`spec.names.${field}`))
  }
  label('plural', plural)
  label('singular', singular)
  label('kind', kind, mixed)
  label('listKind', listKind, mixed)
  shortNames.forEach((name, index) => void label(`shortNames[${index}]`, name))
  if (kind !== '' && kind === listKind) {
    errors.push(invalid('spec.names.listKind', listKind, 'kind and listKind may not be the same'))
  }
  categories.forEach((name, index) => void label(`categories[${index}]`, name))
  return errors
}

const pathProblem = (path: string): string | undefined => {
  try {
    compileJsonPath(path)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const checkColumns = ({ additionalPrinterColumns = [] }: CrdVersion, at: string): FieldError[] =>
  additionalPrinterColumns.flatMap(({ name, type, jsonPath }, index) => {
    const path = `${at}additionalPrinterColumns[${index}]`
    const errors: FieldError[] = []
    if (!name) errors.push(required(`${path}.name`))
    if (!type) errors.push(required(`${path}.type`))
    else if (!columnTypes.some((known) => known === type)) errors.push(notSupported(`${path}.type`, type, columnTypes))
    if (!jsonPath) errors.push(required(`${path}.JSONPath`))
    else {
      const problem = pathProblem(jsonPath)
      if (problem !== undefined) errors.push(invalid(`${path}.JSONPath`, jsonPath, problem))
    }
    return errors
  })

const checkScale = ({ subresources }: CrdVersion, at: string): FieldError[] => {
  const scale = subresources?.scale
  if (!scale) return []
  const path = `${at}subresources.scale`
  const must = (field: 'specReplicasPath' | 'statusReplicasPath', under: string) => {
    const value = scale[field]
    if (!value) return [required(`${path}.${field}`)]
    return value.startsWith(under) ? [] : [invalid(`${path}.${field}`, value, `should be a json path under ${under}`)]
  }
  return [...must('specReplicasPath', '.spec'), ...must('statusReplicasPath', '.status')]
}

const checkVersions = (versions: CrdVersion[]): FieldError[] => {
  const errors: FieldError[] = []
  const names = versions.map(({ name }) => name)
  versions.forEach(({ name, schema }, index) => {
    const problems = dns1035Label(name ?? '')
    if (problems.length > 0) errors.push(invalid(`spec.versions[${index}].name`, name, problems.join(',')))
    if (!schema?.openAPIV3Schema) {
      errors.push(required(`spec.versions[${index}].schema.openAPIV3Schema`, 'schemas are required'))
    }
  })
  if (new Set(names).size < names.length)
    errors.push(invalid('spec.versions', versions, 'must contain unique version names'))
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.push(invalid('spec.versions', versions, 'must have exactly one version marked as storage version'))
  }
  // A single version is held without the list, and so are its problems.
  const at = (index: number) => (versions.length === 1 ? 'spec.' : `spec.versions[${index}].`)
  const schemaAt = (index: number) => `${at(index)}${versions.length === 1 ? 'validation' : 'schema'}.openAPIV3Schema`
  versions.forEach((version, index) => {
    const schema = version.schema?.openAPIV3Schema
    if (schema) errors.push(...checkStructural(schema, schemaAt(index)))
    errors.push(...checkScale(version, at(index)), ...checkColumns(version, at(index)))
  })
  return errors
}

const checkUpdate = (crd: CustomResourceDefinition, old: CustomResourceDefinition): FieldError[] => {
  const established = hasCondition(old, 'Established')
  const fixed: [string, string, string][] = [
    ...(established
      ? ([
          ['spec.scope', crd.spec.scope, old.spec.scope],
          ['spec.names.kind', crd.spec.names.kind, old.spec.names.kind],
        ] as [string, string, string][])
      : []),
    ['spec.group', crd.spec.group, old.spec.group],
    ['spec.names.plural', crd.spec.names.plural, old.spec.names.plural],
  ]
  const served = crd.spec.versions.map(({ name }) => name)
  const lost = (crd.status?.storedVersions ?? [])
    .map((version, index) => ({ version, index }))
    .filter(({ version }) => !served.includes(version))
  return [
    ...fixed
      .filter(([, now, before]) => now !== before)
      .map(([field, now]) => invalid(field, now, 'field is immutable')),
    ...lost.map(({ version, index }) =>
      invalid(
        `status.storedVersions[${index}]`,
        version,
        `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`,
      ),
    ),
  ]
}

/** All problems of a CRD; `old` on updates. */
export const validateCrd = (object: KubeObject, oldObject?: KubeObject): FieldError[] => {
  const crd = asDefinition(object)
  const { group, names, scope, versions } = crd.spec
  const errors: FieldError[] = []
  if (object.metadata.name !== `${names.plural}.${group}`) {
    errors.push(invalid('metadata.name', object.metadata.name, 'must be spec.names.plural+"."+spec.group'))
  }
  if (isProtected(group) && !object.metadata.annotations?.[approval]) {
    errors.push(
      required(
        `metadata.annotations[${approval}]`,
        `protected groups must have approval annotation "${approval}", see https://github.com/kubernetes/enhancements/pull/1111`,
      ),
    )
  }
  errors.push(...checkGroup(group))
  if (scope === '') errors.push(required('spec.scope'))
  else if (scope !== 'Cluster' && scope !== 'Namespaced') {
    errors.push(notSupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  }
  errors.push(...checkVersions(versions), ...checkNames(names))
  if (crd.spec.preserveUnknownFields) {
    errors.push(
      invalid(
        'spec.preserveUnknownFields',
        true,
        'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
      ),
    )
  }
  if (!crd.status?.storedVersions?.length) {
    errors.push(invalid('status.storedVersions', null, 'must have at least one stored version'))
  }
  return oldObject ? [...errors, ...checkUpdate(crd, asDefinition(oldObject))] : errors
}
