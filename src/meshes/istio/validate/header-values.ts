/**
 * Values of headers that routes write: `%VARIABLE(arguments)%` must be complete. Upstream:
 * pkg/config/validation/header_value_validator.go, after Envoy's source/common/router/header_parser.cc.
 */

type State = 'text' | 'name' | 'array' | 'string start' | 'string' | 'array end' | 'arguments end' | 'variable end'

/** Where characters lead from each state; `else` stands for the others but a space, which changes nothing. */
const steps: Partial<Record<State, Record<string, State>>> = {
  name: { '%': 'text', '(': 'array', else: 'name' },
  array: { '[': 'string start', else: 'string' },
  'string start': { '"': 'string' },
  'array end': { ',': 'string start', ']': 'arguments end' },
  'arguments end': { ')': 'variable end' },
  'variable end': { '%': 'text' },
}

const expecting: Partial<Record<State, string>> = {
  'string start': "'\"'",
  'array end': "',', ']', or whitespace",
  'arguments end': "')' or whitespace after '{}', but found '{}'",
  'variable end': "'%' or whitespace after",
}

const incomplete = (value: string): string | undefined => {
  let state = 'text' as State
  for (let at = 0; at < value.length; at++) {
    const character = value[at] as string
    const isLast = at === value.length - 1
    if (state === 'text') {
      if (character !== '%') continue
      if (isLast) return 'Un-escaped %'
      if (value[at + 1] === '%') at++
      else state = 'name'
    } else if (state === 'string') {
      if (character === '\\') {
        if (isLast) return 'Un-terminated backslash in JSON string'
        at++
      } else if (character === ')') state = 'variable end'
      else if (character === '"') state = 'array end'
    } else {
      const next: State | undefined = steps[state]?.[character] ?? (character === ' ' ? state : steps[state]?.else)
      if (next === undefined) return `Expecting ${expecting[state]}`
      state = next
    }
  }
  return state === 'text' ? undefined : `Un-terminated variable expression '${value}'`
}

/** The complaint about the value of a header. */
export const headerValue = (value: string): string | undefined => {
  if (/[\u0000-\u0008\u000a-\u001f\u007f]/.test(value)) return `header value configuration ${value} is invalid`
  const wrong = incomplete(value)
  return wrong === undefined ? undefined : `header value configuration: invalid header configuration. ${wrong}`
}
