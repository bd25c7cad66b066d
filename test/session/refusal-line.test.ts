import { expect, test } from 'vitest'
import { refusalLine } from '../../src/session/refusal-line.ts'

const text = `# a comment
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: b
spec:
  action: ALOW
  rules:
    - from:
        - source:
            principals: [x]
    - to:
        - operation: {}
  foo: 1
`

test.each([
  ['spec.action: Unsupported value: "ALOW"', 11],
  ['strict decoding error: unknown field "spec.foo"', 18],
  ['spec.rules[1].to[0].operation: Invalid value: {}', 17],
  ['spec.rules[0].when: Required value', 13],
  ['spec.selector.matchLabels: Required value', 10],
  ['metadata.name: Invalid value: "b"', 9],
  ['admission webhook "validation.istio.io" denied the request', undefined],
  ['nothing.like.it', undefined],
])('%s: line %s', (message, line) => {
  expect(refusalLine(text, 6, message)).toBe(line)
})

test('of several fields, the one that is written there in most detail', () => {
  expect(refusalLine(text, 6, 'spec.selector: Required value, spec.rules[1].to[0]: odd')).toBe(17)
})

test('a document that is not there has no line', () => {
  expect(refusalLine(text, 3, 'spec.action: no')).toBeUndefined()
})
