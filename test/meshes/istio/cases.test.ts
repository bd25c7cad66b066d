import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { compile } from '../../../src/meshes/istio/compile.ts'
import { decide } from '../../../src/meshes/istio/decide.ts'
import type { Verdict } from '../../../src/meshes/verdict.ts'
import { type Ask, expand, makeCall, worldWith } from './world.ts'

/** What a row asserts; absent fields are not looked at. */
interface Expectation {
  outcome: Verdict['outcome']
  transport?: Verdict['transport']
  /** A status, or the kind of effect. */
  effect?: number | string
  /** `AuthorizationPolicy production/p`, or `default` when no object decides. */
  by?: string
  field?: string
  rule?: number
  /** Part of the sentence. */
  because?: string
  identity?: string
  body?: string
  /** `server 403 - rbac_access_denied_matched_policy[none]`: side, status, flags, details or termination details. */
  logs?: string[]
  /** Request headers that reach the application; null: must not. */
  forwards?: Record<string, string | null>
}
interface Case {
  name: string
  source: string
  objects?: Parameters<typeof expand>[0][]
  calls: (Ask & { expect: Expectation })[]
}

const folder = fileURLToPath(new URL('../../cases/istio/', import.meta.url))

const check = (verdict: Verdict, wanted: Expectation): void => {
  const by = verdict.decidedBy?.object
  const effect = verdict.effect?.kind === 'respond' ? verdict.effect.status : verdict.effect?.kind
  const seen = {
    ...verdict,
    effect,
    by: by ? `${by.kind} ${by.namespace ? `${by.namespace}/` : ''}${by.name}` : 'default',
  }
  const { because, forwards, body, field, rule, logs, ...plain } = wanted
  expect(seen, verdict.because).toMatchObject(plain)
  if (because !== undefined) expect(verdict.because).toContain(because)
  if (field !== undefined) expect(verdict.decidedBy?.field).toBe(field)
  if (rule !== undefined) expect(verdict.decidedBy?.rule).toBe(rule)
  if (body !== undefined) expect(verdict.effect?.kind === 'respond' && verdict.effect.body).toContain(body)
  if (logs !== undefined) {
    const lines = Object.entries(verdict.logged ?? {}).map(
      ([side, log]) => `${side} ${log.status} ${log.flags} ${log.termination ?? log.details}`,
    )
    expect(lines.sort()).toEqual(logs)
  }
  if (forwards !== undefined) {
    const forwarding = verdict.effect?.kind === 'forward' ? verdict.effect.forwarding : undefined
    const set = Object.fromEntries(forwarding?.setRequestHeaders ?? [])
    for (const [name, value] of Object.entries(forwards)) {
      if (value === null) {
        expect(forwarding?.removeRequestHeaders).toContain(name)
        expect(set).not.toHaveProperty(name)
      } else expect(set[name]).toContain(value)
    }
  }
}

for (const file of readdirSync(folder).filter((name) => name.endsWith('.yaml'))) {
  const cases: Case[] = parse(readFileSync(folder + file, 'utf8'), { merge: true })
  describe(file, () => {
    const rows = cases.flatMap((each) =>
      each.calls.map((call, index) => ({
        each,
        call,
        title: `${each.name} #${index}: ${call.from} ${call.method ?? 'GET'} ${call.to}`,
      })),
    )
    test.each(rows)('$title', ({ each, call }) => {
      expect(each.source, 'every case names its proof').toBeTruthy()
      const objects = worldWith((each.objects ?? []).map(expand))
      const verdict = decide(compile(objects).model, makeCall(objects, call))
      check(verdict, call.expect)
      // Whatever the outcome, it is told: the deciding sentence is one of the steps.
      expect(verdict.steps.map((step) => step.says)).toContain(verdict.because)
    })
  })
}
