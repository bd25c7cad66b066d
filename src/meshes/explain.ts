/** A verdict in prose, for `why`, the TUI and grading. */
import type { Step, Transport, Verdict } from './verdict.ts'

const over: Record<Transport, string> = {
  mtls: ' over mTLS',
  tls: ' over TLS of the application',
  plaintext: ' in plaintext',
  none: '',
}

/** How a refusal looks from the caller's side, in a few words. */
const met = (verdict: Verdict): string => {
  const { effect } = verdict
  switch (effect?.kind) {
    case 'respond':
      return `${effect.status}${over[verdict.transport]}`
    case 'reset':
      return 'connection reset'
    case 'close':
      return 'connection closed without an answer'
    case 'refuse':
      return 'connection refused'
    case 'drop':
      return 'no answer'
    default:
      return 'refused'
  }
}

/** One line: `allowed over mTLS: AuthorizationPolicy …`, `denied (403 over mTLS): …`, `unknown: …`. */
export const summary = (verdict: Verdict): string => {
  switch (verdict.outcome) {
    case 'allow':
      return `allowed${over[verdict.transport]}: ${verdict.because}`
    case 'deny':
      return `denied (${met(verdict)}): ${verdict.because}`
    default:
      return `unknown: ${verdict.because}`
  }
}

const side: Record<Step['at'], string> = { client: 'caller', wire: 'wire', server: 'receiver', app: 'application' }
const mark: Record<Step['outcome'], string> = { pass: '+', deny: 'x', info: '-', unknown: '?' }

/** The steps in order, one line each: `- caller: …`, `+ receiver: …`, `x receiver: …`. */
export const explain = (verdict: Verdict): string[] =>
  verdict.steps.map((step) => `${mark[step.outcome]} ${side[step.at]}: ${step.says}`)
