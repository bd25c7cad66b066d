/**
 * The kinds that a CRD brings, one record per served version. Schemas are compiled once, on the first object.
 * Not modelled: conversion webhooks; validation of the metadata of embedded resources.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { FieldError, Kind } from '../kinds/kind.ts'
import { evaluateRules } from './cel/rules.ts'
import { columnsOf } from './columns.ts'
import { applyDefaults } from './defaults.ts'
import { asDefinition, type CrdVersion, type CustomResourceDefinition } from './definition.ts'
import { compileJsonPath } from './jsonpath.ts'
import { blocksRules, rulesNotChecked } from './problems.ts'
import { prune } from './prune.ts'
import { compileSchema, type Fields, isFields, type SchemaNode } from './schema.ts'
import { validateListTypes, validateSchema } from './validate.ts'

const dotted = (path: string): string => path.replace(/^\./, '')

const valueAt = (object: unknown, path: string): unknown =>
  path
    .split(/[.[\]]+/)
    .filter((part) => part !== '')
    .reduce<unknown>(
      (value, part) => (typeof value === 'object' && value !== null ? (value as Fields)[part] : undefined),
      object,
    )

/** A problem that was there before and was not touched does not stand in the way of an update. */
const isOld = ({ field, reason }: FieldError, object: Fields, old: Fields): boolean => {
  if (field === '<nil>') return false
  const path = reason === 'FieldValueRequired' ? field.replace(/\.?[^.[\]]+$/, '') : field
  const now = valueAt(object, path)
  return path !== '' && now !== undefined && JSON.stringify(now) === JSON.stringify(valueAt(old, path))
}

const validate = (node: SchemaNode, object: Fields, old: Fields | undefined): FieldError[] => {
  const found = validateSchema(node, object)
  const errors = old ? found.filter((error) => !isOld(error, object, old)) : found
  if (!old || validateListTypes(node, old).length === 0) errors.push(...validateListTypes(node, object))
  if (!node.hasRules) return errors
  if (errors.some(blocksRules)) return [...errors, rulesNotChecked]
  return [...errors, ...evaluateRules(node, object, old)]
}

/** A problem that a JSON path names rather than a field: what scale would read. */
const validateScale = ({ subresources }: CrdVersion, object: Fields): FieldError[] => {
  const scale = subresources?.scale
  if (!scale) return []
  return [scale.specReplicasPath, scale.statusReplicasPath].flatMap((path): FieldError[] => {
    const value = valueAt(object, path)
    if (typeof value !== 'number' || (value >= 0 && value < 2 ** 31)) return []
    const text = value < 0 ? 'should be a non-negative integer' : `should be less than or equal to ${2 ** 31 - 1}`
    return [{ field: path, reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${text}` }]
  })
}

const kindOf = ({ spec }: CustomResourceDefinition, version: CrdVersion): Kind => {
  const { names, group } = spec
  const schema = version.schema?.openAPIV3Schema ?? {}
  const scale = version.subresources?.scale
  let compiled: SchemaNode | undefined
  const node = (): SchemaNode => {
    compiled ??= compileSchema(schema, true)
    return compiled
  }
  const selectable = (version.selectableFields ?? []).map(({ jsonPath }): [string, (object: KubeObject) => string] => {
    const find = compileJsonPath(jsonPath)
    return [dotted(jsonPath), (object) => String(find(object)[0] ?? '')]
  })
  return {
    group,
    version: version.name,
    kind: names.kind,
    resource: names.plural,
    singular: names.singular ?? names.kind.toLowerCase(),
    listKind: names.listKind ?? `${names.kind}List`,
    ...(names.shortNames?.length ? { shortNames: names.shortNames } : {}),
    ...(names.categories?.length ? { categories: names.categories } : {}),
    namespaced: spec.scope === 'Namespaced',
    ...(version.subresources?.status ? { status: true } : {}),
    ...(scale
      ? {
          scale: {
            specReplicas: dotted(scale.specReplicasPath),
            statusReplicas: dotted(scale.statusReplicasPath),
            ...(scale.labelSelectorPath ? { selector: dotted(scale.labelSelectorPath) } : {}),
          },
        }
      : {}),
    generation: true,
    setDefaults: (object) => applyDefaults(node(), object),
    prune: (object) => prune(node(), object),
    validate: (object, old) => [
      ...validate(node(), object, isFields(old) ? old : undefined),
      ...validateScale(version, object),
    ],
    schema: schema as Readonly<Record<string, unknown>>,
    columns: columnsOf(version.additionalPrinterColumns),
    ...(selectable.length > 0 ? { selectableFields: Object.fromEntries(selectable) } : {}),
  }
}

/** One kind per served version, the storage version first. The CRD must be valid. */
export const kindsFromCrd = (object: KubeObject): Kind[] => {
  const crd = asDefinition(object)
  return crd.spec.versions
    .filter((version) => version.served)
    .sort((a, b) => Number(b.storage) - Number(a.storage))
    .map((version) => kindOf(crd, version))
}
