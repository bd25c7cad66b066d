import { expect, test } from 'vitest'
import { explain, summary } from '../../src/meshes/explain.ts'
import { istio } from '../../src/meshes/istio/index.ts'
import { type Ask, expand, makeCall, worldWith } from './istio/world.ts'

const strict = expand({ is: 'PeerAuthentication production/default', spec: { mtls: { mode: 'STRICT' } } })
const denyAll = expand({ is: 'AuthorizationPolicy production/deny-all', spec: {} })
const verdictOf = (objects: (typeof strict)[], ask: Ask) => {
  const world = worldWith(objects)
  return istio.decide(istio.compile(world).model, makeCall(world, ask))
}

test('a refusal reads from the caller to the receiver', () => {
  const verdict = verdictOf([strict], { from: 'legacy/client', to: 'http://orders.production/' })
  expect(explain(verdict)).toEqual([
    '- caller: Pod legacy/client has no sidecar: it sends plaintext',
    'x receiver: PeerAuthentication production/default is STRICT: plaintext is refused',
  ])
  expect(summary(verdict)).toBe(
    'denied (connection reset): PeerAuthentication production/default is STRICT: plaintext is refused',
  )
})

test('a denial by policy tells the status and the transport', () => {
  const verdict = verdictOf([denyAll], { from: 'production/frontend', to: 'http://orders/' })
  expect(summary(verdict)).toBe(
    'denied (403 over mTLS): AuthorizationPolicy production/deny-all selects production/orders and allows nothing: denied',
  )
})

test('what passes says over what', () => {
  const verdict = verdictOf([], { from: 'legacy/client', to: 'http://orders.production/' })
  expect(summary(verdict)).toMatch(/^allowed in plaintext: /)
  expect(explain(verdict).at(-1)).toMatch(/^\+ receiver: No AuthorizationPolicy selects/)
})
