import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { linkerd } from '../../../src/meshes/linkerd/index.ts'
import { covers, leaves, specsOf, watched, withField } from '../fields.ts'
import { type Ask, expand, makeCall, type Short, worldWith } from './world.ts'

/**
 * The guard against confident wrong verdicts by omission: whatever field a CRD has, a decision reads it, or says
 * `unknown` because of it, or `fields.yml` says why nothing depends on it.
 */
interface Probe {
  ask: Ask
  spec: Record<string, unknown>
  /** `namespace/name`; absent: `production/probe`. */
  is?: string
  with?: Short[]
  /** Field path to the value it gets; one that names siblings replaces its parent. */
  fields: Record<string, unknown>
  /** The field that the verdict names instead of each. */
  by?: string
}

const folder = fileURLToPath(new URL('../../cases/linkerd/', import.meta.url))
const { unknown, harmless }: { unknown: Record<string, Probe>; harmless: Record<string, Record<string, string>> } =
  parse(readFileSync(`${folder}fields.yml`, 'utf8'), { merge: true })

/** As rows spell kinds: two of them are called HTTPRoute. */
const spelled = (kind: string, group: string): string =>
  kind === 'HTTPRoute' && group.startsWith('gateway.') ? 'GatewayHTTPRoute' : kind
const kinds = specsOf(await linkerd.crds(), spelled)

/** What the decisions of all rows asked for, by kind. */
const readByRows = (): Map<string, Set<string>> => {
  const seen = new Map<string, Set<string>>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml')))
    for (const each of parse(readFileSync(folder + file, 'utf8'), { merge: true }) as {
      objects?: Short[]
      calls: Ask[]
    }[]) {
      const objects = worldWith((each.objects ?? []).map(expand)).map((object) => {
        const kind = spelled(object.kind, object.apiVersion)
        if (!kinds.has(kind)) return object
        const own = seen.get(kind) ?? new Set()
        seen.set(kind, own)
        return watched(object, kinds.get(kind), own)
      })
      const { model } = linkerd.compile(objects)
      for (const ask of each.calls) expect(linkerd.decide(model, makeCall(objects, ask)).because).not.toBe('')
    }
  return seen
}

const unknownOf = (kind: string): string[] =>
  Object.entries(unknown).flatMap(([name, { fields }]) => (name.split(' ')[0] === kind ? Object.keys(fields) : []))

test('every field of every kind is read, unknown, or harmless for a reason', () => {
  const seen = readByRows()
  const ignored = [...kinds].flatMap(([kind, schema]) =>
    [...new Set(leaves(schema ?? {}))]
      .filter((path) => {
        const told = [...unknownOf(kind), ...Object.keys(harmless[kind] ?? {})]
        return !told.some((entry) => covers(entry, path)) && !seen.get(kind)?.has(path)
      })
      .map((path) => `${kind} ${path}`),
  )
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

describe('a field that is not modelled', () => {
  const rows = Object.entries(unknown).flatMap(([name, probe]) =>
    Object.entries(probe.fields).map(([path, value]) => ({ kind: name.split(' ')[0] ?? '', probe, path, value })),
  )
  test.each(rows)('$kind $path', ({ kind, probe, path, value }) => {
    const decide = (spec: unknown) => {
      const one = { is: `${kind} ${probe.is ?? 'production/probe'}`, spec: spec as Record<string, unknown> }
      const objects = worldWith([...(probe.with ?? []), one].map(expand))
      return linkerd.decide(linkerd.compile(objects).model, makeCall(objects, probe.ask))
    }
    const verdict = decide(withField(probe.spec, path, value))
    expect(verdict.outcome).toBe('unknown')
    expect(verdict.decidedBy?.object.kind).toBe(kind.replace('Gateway', ''))
    const field = verdict.decidedBy?.field?.replace(/^spec\./, '').replaceAll('[0]', '[]') ?? ''
    expect(covers(probe.by ?? field, probe.by ? field : path), `${field} for ${path}`).toBe(true)
  })
})
