import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { linkerd } from '../../../src/meshes/linkerd/index.ts'
import type { Verdict } from '../../../src/meshes/verdict.ts'
import { type Ask, expand, makeCall, type Short, worldWith } from './world.ts'

/** What a row asserts; absent fields are not looked at. */
interface Expectation {
  outcome: Verdict['outcome']
  transport?: Verdict['transport']
  /** A status, or the kind of effect. */
  effect?: number | string
  /** `Server production/api`, or `default` when no object decides. */
  by?: string
  field?: string
  /** Part of the sentence. */
  because?: string
  identity?: string
  /** Request headers that reach the application; null: must not. */
  forwards?: Record<string, string | null>
  /** Tokens of the buckets that are asked, in order. */
  limits?: number[]
}

interface Case {
  name: string
  source: string
  objects?: Short[]
  calls: (Ask & { expect: Expectation })[]
}

const folder = fileURLToPath(new URL('../../cases/linkerd/', import.meta.url))

const check = (verdict: Verdict, wanted: Expectation): void => {
  const { because, forwards, field, limits, ...plain } = wanted
  const by = verdict.decidedBy?.object
  const effect = verdict.effect?.kind === 'respond' ? verdict.effect.status : verdict.effect?.kind
  expect(
    { ...verdict, effect, by: by ? `${by.kind} ${by.namespace}/${by.name}` : 'default' },
    verdict.because,
  ).toMatchObject(plain)
  if (because !== undefined) expect(verdict.because).toContain(because)
  if (field !== undefined) expect(verdict.decidedBy?.field).toBe(field)
  if (limits !== undefined) expect(verdict.inbound?.rateLimits?.map(({ maxTokens }) => maxTokens) ?? []).toEqual(limits)
  const forwarding = verdict.effect?.kind === 'forward' ? verdict.effect.forwarding : undefined
  for (const [name, value] of Object.entries(forwards ?? {})) {
    const set = Object.fromEntries(forwarding?.setRequestHeaders ?? [])
    if (value === null) expect(forwarding?.removeRequestHeaders).toContain(name)
    else expect(set[name]).toBe(value)
  }
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  const cases: Case[] = parse(readFileSync(folder + file, 'utf8'), { merge: true })
  describe(file, () => {
    const rows = cases.flatMap((each) =>
      each.calls.map((call, index) => ({ each, call, title: `${each.name} #${index}: ${call.from} ${call.to}` })),
    )
    test.each(rows)('$title', ({ each, call }) => {
      expect(each.source, 'every case names its proof').toBeTruthy()
      const objects = worldWith((each.objects ?? []).map(expand))
      const verdict = linkerd.decide(linkerd.compile(objects).model, makeCall(objects, call))
      check(verdict, call.expect)
      expect(verdict.steps.map((step) => step.says)).toContain(verdict.because)
    })
  })
}
