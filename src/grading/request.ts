/** The `request` check: a probe, and whether what it met is what the check asks for. */
import type { RequestCheck } from '../content/schema.ts'
import type { Finding } from './finding.ts'
import type { OutcomeKind } from './outcome.ts'
import type { Observation, Probe } from './probe.ts'

type Expectation = Exclude<RequestCheck['expect'], string>
type Answer = Extract<Observation, { ran: true }>

/** The short form `denied` is the long form `{outcome: denied}`. */
export const expectationOf = (check: RequestCheck): Expectation =>
  typeof check.expect === 'string' ? { outcome: check.expect } : check.expect

/** Whether the check asks how the request travelled, so that a witness is worth a second request. */
export const needsWitness = (check: RequestCheck): boolean => {
  const { mtls, identity } = expectationOf(check)
  return mtls !== undefined || identity !== undefined
}

/** What the check sends. */
export const probeOf = (check: RequestCheck): Probe => ({
  from: check.from,
  url: check.to,
  method: check.method,
  headers: check.headers,
  body: check.body,
  witness: needsWitness(check),
})

const phrases: Record<Extract<OutcomeKind, 'ok' | 'denied' | 'refused' | 'dropped'>, string> = {
  ok: 'answered',
  denied: '403 from policy',
  refused: 'refused',
  dropped: 'no answer',
}

/** What the check asks for, for one line: `200 over mTLS`. */
export const expectedPhrase = (expect: Expectation): string => {
  const parts = [
    expect.outcome !== undefined &&
      [expect.outcome]
        .flat()
        .map((each) => phrases[each])
        .join(' or '),
    expect.status !== undefined && [expect.status].flat().join(' or '),
    expect.body !== undefined && `a body with "${expect.body}"`,
    ...Object.entries(expect.header ?? {}).map(([name, value]) => `header ${name}: ${value}`),
    expect.mtls !== undefined && (expect.mtls ? 'over mTLS' : 'without mTLS'),
    expect.identity !== undefined && `as ${expect.identity}`,
  ]
  return parts.filter((part): part is string => typeof part === 'string').join(' ')
}

const seenPhrase = (expect: Expectation, answer: Answer): string => {
  const { outcome, witness } = answer
  const parts = [outcome.says]
  if (witness !== undefined && (expect.mtls !== undefined || expect.identity !== undefined))
    parts.push(witness.mtls ? 'over mTLS' : 'without mTLS')
  if (expect.identity !== undefined && witness?.identity !== undefined) parts.push(`as ${witness.identity}`)
  return parts.join(' ')
}

const answered = (answer: Answer): boolean => answer.outcome.kind === 'ok' || answer.outcome.kind === 'status'

/** Each part of the expectation that does not hold. */
const misses = (expect: Expectation, answer: Answer): boolean[] => {
  const { outcome, result, witness } = answer
  const header = (name: string): string[] =>
    result.headers.filter(([each]) => each === name.toLowerCase()).map(([, value]) => value)
  const status = expect.status === undefined ? undefined : [expect.status].flat()
  return [
    expect.outcome !== undefined && !([expect.outcome].flat() as OutcomeKind[]).includes(outcome.kind),
    // A 503 that stands for a refused connection is not the application's 503.
    status !== undefined && !(result.status !== undefined && status.includes(result.status)),
    expect.body !== undefined && !result.body.includes(expect.body),
    ...Object.entries(expect.header ?? {}).map(([name, value]) => !header(name).includes(value)),
    expect.mtls !== undefined && witness?.mtls !== expect.mtls,
    expect.identity !== undefined && witness?.identity !== expect.identity.replace(/^spiffe:\/\//, ''),
  ]
}

/** Compares; never passes what could not be seen. */
export const judgeRequest = (check: RequestCheck, observation: Observation): Finding => {
  const expect = expectationOf(check)
  const expected = expectedPhrase(expect)
  if (!observation.ran)
    return { passed: false, undecided: true, expected, seen: 'not probed', because: observation.says }
  const seen = seenPhrase(expect, observation)
  if (needsWitness(check) && observation.witness === undefined && answered(observation)) {
    const because =
      'the application does not show how the request reached it (its answer has no header that names the caller)'
    const rest = { ...expect, mtls: undefined, identity: undefined }
    // What is already wrong is wrong, whatever the connection was.
    if (!misses(rest, observation).includes(true))
      return { passed: false, undecided: true, expected, seen: `${seen}, mTLS unknown`, because }
  }
  return { passed: !misses(expect, observation).includes(true), expected, seen }
}
