/**
 * Server-side apply: a configuration laid over the live object, with owners and conflicts
 * (structured-merge-diff/v6 merge/update.go and k8s.io/apimachinery/pkg/util/managedfields).
 *
 * Not modelled: owners who wrote through another version of the kind with other field names.
 */
import type { Json, KubeObject } from '../../../kube/api.ts'
import type { Kind } from '../../kinds/kind.ts'
import { cloneJson, record } from '../equality.ts'
import { badRequest, failure, plain } from '../errors.ts'
import {
  equalSets,
  type FieldSet,
  fromFieldsV1,
  intersection,
  isEmptySet,
  paths,
  pathText,
  toFieldsV1,
  union,
} from './field-set.ts'
import { decodeManagers, encodeManagers, type Manager, ownable, trackWrite, withoutFields } from './managed-fields.ts'
import { pruned } from './prune.ts'
import { schemaOf, type TypeNode } from './schema.ts'
import { compare, elementOf, fieldsOf, mergeApplied } from './typed.ts'

export interface ApplyOptions {
  manager: string
  force: boolean
  subresource?: string
  /** RFC 3339. */
  time: string
}

/**
 * The object after the apply and its managedFields; nothing is stored.
 * @throws StatusError 409 for conflicts, 500 for a configuration that does not fit the schema, 400 for managedFields in it
 */
export function applyConfiguration(
  kind: Kind,
  live: KubeObject | undefined,
  config: KubeObject,
  options: ApplyOptions,
): { object: KubeObject; managedFields: Json[] } {
  if (config.metadata?.managedFields !== undefined) throw badRequest('metadata.managedFields must be nil')
  const schema = schemaOf(kind)
  checkTyped(kind, config, schema)

  const managers = decodeManagers(live && managedBefore(kind, live, options.time))
  const isOwn = (entry: Manager): boolean =>
    entry.manager === options.manager && entry.operation === 'Apply' && entry.subresource === options.subresource
  const own = managers.find(isOwn)
  const others = managers.filter((entry) => !isOwn(entry))
  const last = own && fromFieldsV1(own.fields)
  const claimed = fieldsOf(ownable(kind, config, options.subresource), schema)

  const merged = mergeApplied(live, config, schema) as KubeObject
  const object = cloneJson(
    last ? (pruned(merged, schema, last, ownedNow(config, schema, others)) as KubeObject) : merged,
  )
  const changes = compare(ownable(kind, live, options.subresource), ownable(kind, object, options.subresource), schema)
  const changed = union(changes.added, changes.modified)
  const conflicts = others
    .map((entry) => ({ entry, set: intersection(fromFieldsV1(entry.fields), changed) }))
    .filter(({ set }) => !isEmptySet(set))
  if (conflicts.length > 0 && !options.force) throw conflictsFailure(conflicts)

  const lost = union(changed, changes.removed)
  const rest = others.map((entry) => withoutFields(entry, lost))
  const unchanged = last !== undefined && equalSets(last, claimed)
  const entry: Manager = {
    manager: options.manager,
    operation: 'Apply',
    apiVersion: config.apiVersion,
    ...(options.subresource ? { subresource: options.subresource } : {}),
    time: (unchanged && own?.time) || options.time,
    fields: toFieldsV1(claimed),
  }
  object.apiVersion = config.apiVersion
  return { object, managedFields: encodeManagers([...rest, entry]) }
}

/** Who wrote before anybody was tracked owns everything (managedfields/internal/skipnonapplied.go). */
const managedBefore = (kind: Kind, live: KubeObject, time: string): Json[] | undefined =>
  live.metadata.managedFields?.length
    ? live.metadata.managedFields
    : trackWrite(kind, live, undefined, { fieldManager: 'before-first-apply', time })

/** All that the configuration says, names included, and all that others own. */
const ownedNow = (config: KubeObject, schema: TypeNode, others: readonly Manager[]): FieldSet =>
  others.reduce((all, entry) => union(all, fromFieldsV1(entry.fields)), fieldsOf(config, schema))

function conflictsFailure(conflicts: readonly { entry: Manager; set: FieldSet }[]) {
  const owner = ({ manager, operation, apiVersion, subresource }: Manager): string =>
    `${JSON.stringify(manager)}${subresource ? ` with subresource ${JSON.stringify(subresource)}` : ''}${operation === 'Update' ? ` using ${apiVersion}` : ''}`
  // By the text that identifies a manager inside the real server (managedfields/internal/conflict.go).
  const identity = ({ manager, operation, apiVersion, subresource }: Manager): string =>
    JSON.stringify({ manager, operation, apiVersion: operation === 'Update' ? apiVersion : undefined, subresource })
  const byOwner = conflicts
    .toSorted((a, b) => (identity(a.entry) < identity(b.entry) ? -1 : 1))
    .map(({ entry, set }) => ({ owner: owner(entry), fields: [...paths(set)].map(pathText) }))
  const count = byOwner.reduce((sum, { fields }) => sum + fields.length, 0)
  const text =
    count === 1
      ? `conflict with ${byOwner[0]!.owner}: ${byOwner[0]!.fields[0]}`
      : byOwner.map((c) => `conflicts with ${c.owner}:\n${c.fields.map((path) => `- ${path}`).join('\n')}`).join('\n')
  return failure(409, 'Conflict', `Apply failed with ${count} conflict${count === 1 ? '' : 's'}: ${text}`, {
    causes: byOwner.flatMap((c) =>
      c.fields.map((path) => ({ reason: 'FieldManagerConflict', message: `conflict with ${c.owner}`, field: path })),
    ),
  })
}

/** What does not fit the schema is an error whatever `fieldValidation` says. */
function checkTyped(kind: Kind, config: KubeObject, schema: TypeNode): void {
  const problem = typeProblem(config, schema, '')
  if (!problem) return
  const { namespace, name } = config.metadata
  // The core group shows as nothing before a slash.
  const target = `${namespace ? `${namespace}/` : '/'}${name ?? ''}; ${kind.group}/${kind.version}, Kind=${kind.kind}`
  throw plain(`failed to create typed patch object (${target}): ${problem}`)
}

function typeProblem(value: unknown, node: TypeNode, path: string): string | undefined {
  if (value === null || value === undefined || node.kind === 'deduced') return undefined
  const found = Array.isArray(value) ? 'list' : record(value) ? 'map' : typeof value
  if (node.kind === 'leaf') {
    if (!node.scalar) return undefined
    const fits = node.scalar === 'numeric' ? found === 'number' : found === node.scalar
    const wanted = { numeric: 'numeric (int or float)', string: 'string', boolean: 'boolean' }[node.scalar]
    return fits
      ? undefined
      : `${path}: expected ${wanted}, got ${found === 'map' || found === 'list' ? found : rendered(value)}`
  }
  if (node.kind === 'list') {
    if (!Array.isArray(value)) return `${path}: expected list, got &{${rendered(value)}}`
    return listProblem(value, node, path)
  }
  const fields = record(value)
  if (!fields) return `${path}: expected map, got &{${rendered(value)}}`
  for (const [name, part] of Object.entries(fields)) {
    const child = node.kind === 'struct' ? node.field?.(name)?.type : (node.items ?? { kind: 'leaf' as const })
    if (!child) return `${path}.${name}: field not declared in schema`
    const problem = typeProblem(part, child, `${path}.${name}`)
    if (problem) return problem
  }
  return undefined
}

function listProblem(items: readonly unknown[], node: TypeNode, path: string): string | undefined {
  const seen = new Set<string>()
  for (const [index, item] of items.entries()) {
    if (node.listType) {
      const element = elementOf(node, item)
      const named = pathText([element])
      if (seen.has(element)) return `${path}: duplicate entries for key ${named}`
      seen.add(element)
      const missing =
        node.listType === 'map' &&
        (node.keys ?? []).find((key) => record(item)?.[key] === undefined && node.keyDefaults?.[key] === undefined)
      if (missing)
        return `${path}: element ${index}: associative list with keys has an element that omits key field "${missing}" (and doesn't have default value)`
    }
    const problem = typeProblem(
      item,
      node.items ?? { kind: 'leaf' },
      node.listType ? `${path}${pathText([elementOf(node, item)])}` : `${path}[${index}]`,
    )
    if (problem) return problem
  }
  return undefined
}

const rendered = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
