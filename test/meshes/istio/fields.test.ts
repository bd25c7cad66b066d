import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { istio } from '../../../src/meshes/istio/index.ts'
import { covers, leaves, specsOf, watched, withField } from '../fields.ts'
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

/** Subsets and ports have the same policy as the whole. */
const canonical = (path: string): string =>
  path
    .replace('subsets[].trafficPolicy', 'trafficPolicy')
    .replace(/trafficPolicy\.portLevelSettings\[\](?!\.port\b)/, 'trafficPolicy')

const kinds = specsOf(await istio.crds())

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
        return watched(object, kinds.get(object.kind), own, canonical)
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

const unknownOf = (kind: string): string[] =>
  Object.entries(unknown).flatMap(([name, { fields }]) => (name.split(' ')[0] === kind ? Object.keys(fields) : []))

test('every field of every kind is read, unknown, or harmless for a reason', async () => {
  const seen = await readByRows()
  const ignored: string[] = []
  for (const [kind, schema] of kinds)
    for (const path of new Set(leaves(schema ?? {}, canonical))) {
      const told = [...unknownOf(kind), ...Object.keys(harmless[kind] ?? {})]
      if (!told.some((entry) => covers(entry, path)) && !seen.get(kind)?.has(path)) ignored.push(`${kind} ${path}`)
    }
  expect(ignored).toEqual([])
})

test('what is told of fields is told of fields that exist, with a reason', () => {
  for (const [kind, reasons] of Object.entries(harmless))
    for (const [entry, reason] of Object.entries(reasons)) {
      expect(reason.length, `${kind} ${entry}`).toBeGreaterThan(10)
      const known = leaves(kinds.get(kind) ?? {}, canonical)
      expect(known.filter((path) => covers(entry, path)).length, `${kind} ${entry}`).toBeGreaterThan(0)
    }
})

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
