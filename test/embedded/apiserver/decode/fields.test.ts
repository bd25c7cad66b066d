/** Unknown and repeated fields: ignored, warned of, refused; of built-in kinds and of CRDs. */
import { describe, expect, test } from 'vitest'
import { decodeBody, decodeValue, type FieldValidation } from '../../../../src/embedded/apiserver/decode/decode.ts'
import type { Json } from '../../../../src/kube/api.ts'
import { container, decode, kinds, type Name, refusal } from './fixture.ts'

describe('field validation', () => {
  const typos = container({ name: 'c', imagee: 'nginx' })
  const twice = '{"metadata":{"name":"a","foo":1},"dat":{"x":"1"},"data":{"x":"1"},"data":{"y":"2"}}'

  test.each<[string, Name, string | Json, string[]]>([
    ['unknown fields by path', 'Deployment', typos, ['unknown field "spec.template.spec.containers[0].imagee"']],
    [
      'all problems in document order',
      'ConfigMap',
      twice,
      ['unknown field "metadata.foo"', 'unknown field "dat"', 'duplicate field "data"'],
    ],
    [
      'a duplicate before an unknown field',
      'ConfigMap',
      '{"data":{"a":"1","a":"2"},"foo":1}',
      ['duplicate field "data.a"', 'unknown field "foo"'],
    ],
    ['nothing wrong', 'ConfigMap', '{"data":{"a":"1"},"metadata":{"creationTimestamp":null}}', []],
  ])('%s', async (_name, kind, body, problems) => {
    expect((await decode(kind, body, 'Warn')).warnings).toEqual(problems)
    expect((await decode(kind, body, 'Ignore')).warnings).toEqual([])
    if (problems.length === 0) await decode(kind, body, 'Strict')
    else {
      expect(await refusal(decode(kind, body, 'Strict'))).toEqual({
        code: 400,
        message: `${kind} in version "v1" cannot be handled as a ${kind}: strict decoding error: ${problems.join(', ')}`,
      })
    }
  })

  test('the last duplicate wins, unknown fields go', async () => {
    expect((await decode('ConfigMap', twice)).object).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'a' },
      data: { y: '2' },
    })
  })
})

describe("bodies of CRDs' kinds", () => {
  const widget = {
    group: 'ex.io',
    version: 'v1',
    kind: 'Widget',
    prune: (object: Record<string, unknown>) => {
      delete object.foo
      return ['foo']
    },
  }
  const send = (body: string, fieldValidation?: FieldValidation) =>
    decodeBody({ bytes: new TextEncoder().encode(body), expected: widget, fieldValidation })

  test('duplicates, metadata and schema problems', async () => {
    const body = '{"foo":1,"spec":{"a":1,"a":2},"metadata":{"name":"w","nope":1}}'
    expect((await send(body)).warnings).toEqual([
      'duplicate field "spec.a"',
      'unknown field "metadata.nope"',
      'unknown field "foo"',
    ])
    expect((await send(body)).object).toEqual({
      apiVersion: 'ex.io/v1',
      kind: 'Widget',
      metadata: { name: 'w' },
      spec: { a: 2 },
    })
  })

  test.each([
    [
      '{"apiVersion":"ex.io/v1","kind":"Gadget","metadata":{"name":"w"}}',
      422,
      'Widget.ex.io "w" is invalid: kind: Invalid value: "Gadget": must be Widget',
    ],
    [
      '{"apiVersion":"ex.io/v2","kind":"Widget"}',
      400,
      'the API version in the data (ex.io/v2) does not match the expected API version (ex.io/v1)',
    ],
  ])('%s', async (body, code, message) => {
    expect(await refusal(send(body))).toEqual({ code, message })
  })
})

test('decodeValue leaves its input alone', () => {
  const patched = { metadata: { name: 'a' }, data: { a: '1' }, foo: 1 }
  const { object, unknown } = decodeValue(patched, kinds.ConfigMap)
  expect(unknown).toEqual(['foo'])
  expect(object).not.toHaveProperty('foo')
  expect(patched).toHaveProperty('foo')
})
