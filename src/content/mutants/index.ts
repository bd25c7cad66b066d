/**
 * Takes a solution apart: each mutant is the solution with one thing wrong, as a learner could leave it. Pure.
 * A mutant that still passes is either right as well, or shows a hole in a check. What a value may wrongly be is in
 * `values.ts`, and where it may stand in `tree.ts`.
 */
import { stringify } from 'yaml'
import type { KubeObject } from '../../kube/api.ts'
import { parseManifests } from '../../kube/manifests.ts'
import { partsOf } from '../change.ts'
import type { Change } from '../schema.ts'
import { wrongCommands } from './commands.ts'
import { type Edit, edits, type Tree } from './tree.ts'
import type { Neighbours } from './values.ts'

export interface Mutant {
  /** For people, and for `equivalents`: `PeerAuthentication production/default: drop spec.mtls`. */
  name: string
  change: Change
}

/** Versions, kinds and names are not what a solution is about. */
const editsOf = (object: KubeObject, world: Neighbours): Edit[] => {
  const { apiVersion, kind, metadata, status: _, ...content } = object
  const { name, namespace, ...marks } = metadata
  const neighbours = { ...world, home: namespace ?? 'default' }
  const whole = (edit: Edit): Edit => ({
    says: edit.says,
    value: { apiVersion, kind, metadata, ...(edit.value as Tree) },
  })
  const places = namespace === undefined ? [] : neighbours.namespaces.filter((each) => each !== namespace)
  const elsewhere = [...new Set(['default', 'istio-system', ...places.slice(0, 1)])].filter((to) => to !== namespace)
  return [
    ...(namespace === undefined ? [] : elsewhere).map((to) => ({
      says: `metadata.namespace: ${namespace} -> ${to}`,
      value: { ...object, metadata: { ...metadata, namespace: to } },
    })),
    ...edits({ metadata: marks }, neighbours).flatMap((edit) =>
      edit.says === 'drop metadata'
        ? []
        : [
            {
              says: edit.says,
              value: { ...object, metadata: { name, namespace, ...((edit.value as Tree).metadata as Tree) } },
            },
          ],
    ),
    ...edits(content, neighbours).map(whole),
  ]
}

const nameOf = ({ kind, metadata: { namespace, name } }: KubeObject): string =>
  `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`

/** In the YAML that Kubernetes reads, where a bare `y` is a truth value and no text. */
const asText = (objects: unknown[]): string =>
  objects.map((object) => stringify(object, { version: '1.1' })).join('---\n')

/** Every mutant of a solution, in the order of its text; none twice. */
export const mutantsOf = (solution: Change, neighbours: Neighbours): Mutant[] => {
  const parts = partsOf(solution)
  const objectsOf = (text = ''): KubeObject[] => parseManifests(text).objects.map(({ object }) => object)
  const applied = objectsOf(parts.apply)
  const deleted = objectsOf(parts.delete)
  const run = parts.run ?? []
  const count = applied.length + deleted.length + run.length
  const withApply = (objects: unknown[]): Change => {
    const { apply: _, ...rest } = parts
    return { ...rest, ...(objects.length === 0 ? {} : { apply: asText(objects) }) }
  }
  const mutants: Mutant[] = []
  for (const [index, object] of applied.entries()) {
    const name = nameOf(object)
    if (count > 1) mutants.push({ name: `${name}: not applied`, change: withApply(applied.toSpliced(index, 1)) })
    for (const { says, value } of editsOf(object, neighbours))
      mutants.push({ name: `${name}: ${says}`, change: withApply(applied.with(index, value as KubeObject)) })
  }
  for (const [index, object] of deleted.entries()) {
    if (count === 1) break
    const kept = deleted.toSpliced(index, 1)
    const { delete: _, ...rest } = parts
    mutants.push({
      name: `${nameOf(object)}: not deleted`,
      change: { ...rest, ...(kept.length === 0 ? {} : { delete: asText(kept) }) },
    })
  }
  for (const [index, line] of run.entries()) {
    const { run: _, ...rest } = parts
    // A patch would be most of the name.
    const name = line.trim().replace(/\s+(-p|--patch)[\s=].*$/s, '')
    const kept = run.toSpliced(index, 1)
    if (count > 1)
      mutants.push({ name: `${name}: not run`, change: { ...rest, ...(kept.length === 0 ? {} : { run: kept }) } })
    for (const { says, value } of wrongCommands(line, neighbours))
      mutants.push({ name: `${name}: ${says}`, change: { ...rest, run: run.with(index, String(value)) } })
  }
  const seen = new Set<string>()
  return mutants.filter(({ change }) => {
    const text = JSON.stringify(change)
    return seen.size !== seen.add(text).size
  })
}
