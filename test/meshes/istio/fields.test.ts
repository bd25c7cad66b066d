import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { KubeObject } from '../../../src/kube/api.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { filler, now, type TokenSpec } from './tokens.ts'
import { type Ask, expand, makeCall, worldWith } from './world.ts'

/**
 * The guard against confident wrong verdicts by omission: whatever field a CRD has, a decision reads it, or says
 * `unknown` because of it, or `fields.yml` says why nothing depends on it.
 */
type Short = Parameters<typeof expand>[0]
interface Probe {
  ask: Ask
  spec: Record<string, unknown>
  with?: Short[]
  /** Field path to the value it gets; one that names siblings (`{mode: SIMPLE, caCrl: x}`) replaces its parent. */
  fields: Record<string, unknown>
  /** The field that the verdict names instead of each. */
  by?: string
}
interface Case {
  objects?: Short[]
  tokens?: Record<string, TokenSpec>
  serves?: Record<string, string | null>
  calls: (Ask & { gathered?: boolean })[]
}

const folder = fileURLToPath(new URL('../../cases/istio/', import.meta.url))
const { unknown, harmless }: { unknown: Record<string, Probe>; harmless: Record<string, Record<string, string>> } =
  parse(readFileSync(`${folder}fields.yml`, 'utf8'))

interface Schema {
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema | boolean
}

/** Subsets and ports have the same policy as the whole. */
const canonical = (path: string): string =>
  path
    .replace('subsets[].trafficPolicy', 'trafficPolicy')
    .replace(/trafficPolicy\.portLevelSettings\[\](?!\.port\b)/, 'trafficPolicy')

/** Paths of fields that have nothing below them; keys of maps are `*`, and lists and maps of scalars are one field. */
const leaves = (schema: Schema, path = ''): string[] => {
  const below = (name: string): string => (path === '' ? name : `${path}.${name}`)
  if (schema.properties) return Object.entries(schema.properties).flatMap(([name, each]) => leaves(each, below(name)))
  if (schema.items?.properties) return leaves(schema.items, `${path}[]`)
  const values = schema.additionalProperties
  return typeof values === 'object' && values.properties ? leaves(values, below('*')) : [canonical(path)]
}

/** The object, telling of every field of its spec that somebody asks for. */
const watched = (object: KubeObject, schema: Schema | undefined, seen: Set<string>): KubeObject => {
  const watch = (value: unknown, at: Schema | undefined, path: string): unknown => {
    if (typeof value !== 'object' || value === null || at === undefined) return value
    return new Proxy(value, {
      get(target, key) {
        const own = Reflect.get(target, key)
        if (typeof key !== 'string') return own
        if (Array.isArray(target)) return /^\d+$/.test(key) ? watch(own, at.items, `${path}[]`) : own
        const { properties, additionalProperties: values } = at
        const name = properties ? key : '*'
        const next = properties ? properties[key] : typeof values === 'object' ? values : undefined
        const full = path === '' ? name : `${path}.${name}`
        seen.add(canonical(full))
        return watch(own, next, full)
      },
    })
  }
  return { ...object, spec: watch(object.spec, schema, '') }
}

const kinds = new Map(
  (await istio.crds()).map((crd) => {
    const { names, versions } = crd.spec as {
      names: { kind: string }
      versions: { schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[]
    }
    return [names.kind, versions[0]?.schema.openAPIV3Schema.properties.spec]
  }),
)

/** What the decisions of all rows asked for, by kind. */
const readByRows = async (): Promise<Map<string, Set<string>>> => {
  const seen = new Map<string, Set<string>>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml')))
    for (const each of parse(readFileSync(folder + file, 'utf8'), { merge: true }) as Case[]) {
      const fill = await filler(each.tokens ?? {})
      const objects = worldWith(fill((each.objects ?? []).map(expand))).map((object) => {
        if (!kinds.has(object.kind)) return object
        const own = seen.get(object.kind) ?? new Set()
        seen.set(object.kind, own)
        return watched(object, kinds.get(object.kind), own)
      })
      const { model } = istio.compile(objects)
      for (const raw of each.calls) {
        const asked = makeCall(objects, fill(raw))
        const fetch = async (url: string) => fill(each.serves ?? {})[url]
        const { outcome, effect, steps, inbound, upstream } = istio.decide(
          model,
          (await istio.gather?.(model, asked, { now, fetch })) ?? asked,
        )
        expect([outcome, effect, steps, inbound, upstream?.limits]).toHaveLength(5)
      }
    }
  return seen
}

const covers = (entry: string, path: string): boolean =>
  path === entry || path.startsWith(`${entry}.`) || path.startsWith(`${entry}[`)

const unknownOf = (kind: string): string[] =>
  Object.entries(unknown).flatMap(([name, { fields }]) => (name.split(' ')[0] === kind ? Object.keys(fields) : []))

test('every field of every kind is read, unknown, or harmless for a reason', async () => {
  const seen = await readByRows()
  const ignored: string[] = []
  for (const [kind, schema] of kinds)
    for (const path of new Set(leaves(schema ?? {}))) {
      const told = [...unknownOf(kind), ...Object.keys(harmless[kind] ?? {})]
      if (!told.some((entry) => covers(entry, path)) && !seen.get(kind)?.has(path)) ignored.push(`${kind} ${path}`)
    }
  expect(ignored).toEqual([])
})

test('what is told of fields is told of fields that exist, with a reason', () => {
  for (const [kind, reasons] of Object.entries(harmless))
    for (const [entry, reason] of Object.entries(reasons)) {
      expect(reason.length, `${kind} ${entry}`).toBeGreaterThan(10)
      const known = leaves(kinds.get(kind) ?? {})
      expect(known.filter((path) => covers(entry, path)).length, `${kind} ${entry}`).toBeGreaterThan(0)
    }
})

/** The spec with the field set; `[]` is the first of the list. */
const withField = (spec: unknown, path: string, value: unknown): unknown => {
  const steps = path.split('.').flatMap((step) => (step.endsWith('[]') ? [step.slice(0, -2), 0] : [step]))
  const last = String(steps.at(-1))
  const hasSiblings = typeof value === 'object' && value !== null && Object.hasOwn(value, last)
  const put = (at: unknown, [step, ...rest]: (string | number)[]): unknown => {
    if (step === undefined || (hasSiblings && rest.length === 0)) return value
    if (typeof step === 'number') {
      const [first, ...others] = Array.isArray(at) ? at : []
      return [put(first, rest), ...others]
    }
    const own = (at ?? {}) as Record<string, unknown>
    return { ...own, [step]: put(own[step], rest) }
  }
  return put(spec, steps)
}

describe('a field that is not modelled', () => {
  const rows = Object.entries(unknown).flatMap(([name, probe]) =>
    Object.entries(probe.fields).map(([path, value]) => ({ kind: name.split(' ')[0] ?? '', probe, path, value })),
  )
  test.each(rows)('$kind $path', ({ kind, probe, path, value }) => {
    const home = kind === 'Gateway' ? 'istio-system' : 'production'
    const decide = (spec: unknown) => {
      const objects = worldWith([...(probe.with ?? []), { is: `${kind} ${home}/probe`, spec }].map(expand))
      return istio.decide(istio.compile(objects).model, makeCall(objects, probe.ask))
    }
    const verdict = decide(withField(probe.spec, path, value))
    expect(verdict.outcome).toBe('unknown')
    expect(verdict.decidedBy?.object.kind).toBe(kind)
    const field = verdict.decidedBy?.field?.replace(/^spec\./, '').replaceAll('[0]', '[]') ?? ''
    expect(covers(probe.by ?? field, probe.by ? field : path), `${field} for ${path}`).toBe(true)
  })
})
