import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { CheckReply } from '../../../src/meshes/call.ts'
import { decideWhole } from '../../../src/meshes/istio/decide.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import type { Question } from '../../../src/meshes/mesh.ts'
import { plainVerdict, type Verdict } from '../../../src/meshes/verdict.ts'
import { filler, now, type TokenSpec } from './tokens.ts'
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
  /** Parts of other steps. */
  tells?: string[]
  identity?: string
  body?: string
  /** Response headers of a proxy's own answer. */
  answers?: Record<string, string>
  /** `server 403 - rbac_access_denied_matched_policy[none]`: side, status, flags, details or termination details. */
  logs?: string[]
  /** Request headers that reach the application; null: must not. */
  forwards?: Record<string, string | null>
  /** Names of the headers that a route changes in the response. */
  responds?: { set: string[]; add: string[]; remove: string[] }
}
interface Case {
  name: string
  source: string
  objects?: Parameters<typeof expand>[0][]
  /** By name, for `${name}` in headers and URLs. */
  tokens?: Record<string, TokenSpec>
  /** What the control plane gets for a URL; null: no answer. Others are unknown. */
  serves?: Record<string, string | null>
  /** `gathered: false`: nobody verified the tokens. */
  calls: (Ask & {
    expect: Expectation
    gathered?: boolean
    /** What external authorizers answer; null: nothing. Absent: nobody can ask them. */
    authorizer?: { status: number; headers?: Record<string, string>; body?: string } | null
    /** What they must have been asked: request line and headers. */
    asks?: { path?: string; authority?: string; headers?: Record<string, string | null>; body?: string; to?: string }
  })[]
}

const folder = fileURLToPath(new URL('../../cases/istio/', import.meta.url))

const check = (verdict: Verdict, wanted: Expectation): void => {
  const by = verdict.decidedBy?.object
  const effect = verdict.effect?.kind === 'respond' ? verdict.effect.status : verdict.effect?.kind
  const seen = {
    ...plainVerdict(verdict),
    effect,
    by: by ? `${by.kind} ${by.namespace ? `${by.namespace}/` : ''}${by.name}` : 'default',
  }
  const { because, tells, forwards, responds, body, answers, field, rule, logs, ...plain } = wanted
  expect(seen, verdict.because).toMatchObject(plain)
  if (because !== undefined) expect(verdict.because).toContain(because)
  const told = verdict.steps.map(({ says }) => says).join('\n')
  for (const part of tells ?? []) expect(told).toContain(part)
  if (field !== undefined) expect(verdict.decidedBy?.field).toBe(field)
  if (rule !== undefined) expect(verdict.decidedBy?.rule).toBe(rule)
  if (body !== undefined) expect(verdict.effect?.kind === 'respond' && verdict.effect.body).toContain(body)
  if (answers !== undefined) {
    const headers = verdict.effect?.kind === 'respond' ? Object.fromEntries(verdict.effect.headers) : {}
    expect(headers).toMatchObject(answers)
  }
  if (logs !== undefined) {
    const lines = Object.entries(verdict.logged ?? {}).map(
      ([side, log]) => `${side} ${log.status} ${log.flags} ${log.termination ?? log.details}`,
    )
    expect(lines.sort()).toEqual(logs)
  }
  if (responds !== undefined) {
    const { forwarding } = verdict.effect?.kind === 'forward' ? verdict.effect : {}
    const names = (lines: [string, string][] = []): string[] => lines.map(([name]) => name)
    expect(names(forwarding?.setResponseHeaders)).toEqual(expect.arrayContaining(responds.set))
    expect(names(forwarding?.addResponseHeaders)).toEqual(responds.add)
    expect(forwarding?.removeResponseHeaders ?? []).toEqual(responds.remove)
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
    test.each(rows)('$title', async ({ each, call: raw }) => {
      expect(each.source, 'every case names its proof').toBeTruthy()
      const fill = await filler(each.tokens ?? {})
      const call = fill(raw)
      const objects = worldWith(fill((each.objects ?? []).map(expand)))
      const { model } = istio.compile(objects, { parseYaml: parse })
      const asked = makeCall(objects, call)
      const serves = fill(each.serves ?? {})
      const fetch = async (url: string) => serves[url]
      let question: Question | undefined
      const { authorizer, asks } = call
      const ask = async (_from: unknown, asked: Question): Promise<CheckReply | null> => {
        question = asked
        if (authorizer === undefined || authorizer === null) return null
        return { body: '', ...authorizer, headers: Object.entries(authorizer.headers ?? {}) }
      }
      const outside = { now, fetch, ...(authorizer === undefined ? {} : { ask }) }
      const gathered = call.gathered === false ? asked : ((await istio.gather?.(model, asked, outside)) ?? asked)
      const verdict = istio.decide(model, gathered)
      check(verdict, call.expect)
      // What connections settle is remembered, and decides nothing differently.
      expect(plainVerdict(verdict)).toEqual(plainVerdict(decideWhole(model, gathered)))
      if (asks !== undefined) {
        const { headers, to, ...line } = asks
        expect(question?.request).toMatchObject(line)
        if (to !== undefined) expect(`${question?.host}:${question?.port}`).toBe(to)
        const sent = Object.fromEntries(question?.request.headers ?? [])
        for (const [name, value] of Object.entries(headers ?? {}))
          if (value === null) expect(sent).not.toHaveProperty(name)
          else expect(sent[name]).toBe(value)
      }
      // Whatever the outcome, it is told: the deciding sentence is one of the steps.
      expect(verdict.steps.map((step) => step.says)).toContain(verdict.because)
    })
  })
}
