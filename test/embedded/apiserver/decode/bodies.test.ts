/** Bodies that are no JSON, no YAML, or of no type that is taken: the words of a real API server. */
import { describe, expect, test } from 'vitest'
import type { FieldValidation } from '../../../../src/embedded/apiserver/decode/decode.ts'
import { decode, type Name, refusal, unrecognized } from './fixture.ts'

describe('bodies that cannot be read', () => {
  test.each<[string, Name, string, string]>([
    ['an empty body', 'ConfigMap', '', `${unrecognized}unexpected end of JSON input (<empty>)`],
    [
      'a cut body',
      'ConfigMap',
      '{"metadata":{"name":',
      `${unrecognized}unexpected end of JSON input ({"metadata":{"name":)`,
    ],
    [
      'a long body',
      'ConfigMap',
      '{"metadata":{"name":"abcdefghijklmnop"}]',
      `${unrecognized}invalid character ']' after object key:value pair ({"metadata":{"name":"abcdefghi ...)`,
    ],
    [
      'a body that is no object',
      'ConfigMap',
      'hi',
      `${unrecognized}invalid character 'h' looking for beginning of value (6869)`,
    ],
    [
      'an unquoted key',
      'ConfigMap',
      '{a: 1}',
      `${unrecognized}invalid character 'a' looking for beginning of object key string ({a: 1})`,
    ],
    [
      'a trailing comma',
      'ConfigMap',
      '{"a":1,}',
      `${unrecognized}invalid character '}' looking for beginning of object key string ({"a":1,})`,
    ],
    ['two documents', 'ConfigMap', '{} {}', `${unrecognized}invalid character '{' after top-level value ({} {})`],
    [
      'a list',
      'ConfigMap',
      '[]',
      `${unrecognized}json: cannot unmarshal array into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (5b5d)`,
    ],
    [
      'a kind that is a number',
      'ConfigMap',
      '{"kind":1}',
      `${unrecognized}json: cannot unmarshal number into Go struct field .kind of type string ({"kind":1})`,
    ],
    [
      'another known kind',
      'ConfigMap',
      '{"apiVersion":"v1","kind":"Secret"}',
      'Secret in version "v1" cannot be handled as a ConfigMap: converting (v1.Secret) to (core.ConfigMap): unknown conversion',
    ],
    [
      'an unknown kind',
      'ConfigMap',
      '{"apiVersion":"v1","kind":"Foo"}',
      'Foo in version "v1" cannot be handled as a ConfigMap: no kind "Foo" is registered for version "v1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      'an old group',
      'Deployment',
      '{"apiVersion":"extensions/v1beta1","kind":"Deployment"}',
      'Deployment in version "v1beta1" cannot be handled as a Deployment: no kind "Deployment" is registered for version "extensions/v1beta1" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
  ])('%s', async (_name, kind, body, message) => {
    expect(await refusal(decode(kind, body))).toEqual({ code: 400, message })
  })

  test('absurd nesting is refused, not a crash', async () => {
    expect(await refusal(decode('ConfigMap', '['.repeat(200_000)))).toMatchObject({ code: 400 })
  })

  test.each(['text/plain', 'application/cbor'])('media type %s', async (contentType) => {
    expect(await refusal(decode('ConfigMap', '{}', 'Warn', contentType))).toEqual({
      code: 415,
      message:
        'the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf',
    })
  })
})

describe('YAML bodies', () => {
  const yaml = (body: string, validation?: FieldValidation) => decode('ConfigMap', body, validation, 'application/yaml')

  test('are YAML 1.1, with merge keys', async () => {
    const body = 'base: &b {x: "1"}\ndata:\n  <<: *b\n  date: 2026-11-24\n'
    expect((await yaml(body, 'Ignore')).object.data).toEqual({ x: '1', date: '2026-11-24' })
  })

  test.each([
    [
      'a boolean word',
      'data:\n  answer: yes',
      'json: cannot unmarshal bool into Go struct field ConfigMap.data of type string',
    ],
    [
      'an octal number',
      'data:\n  mode: 010',
      'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
  ])('%s is not a string', async (_name, body, problem) => {
    expect((await refusal(yaml(body))).message).toContain(problem)
  })

  test('keys become strings', async () => {
    expect((await yaml('data:\n  on: "1"\n  8080: "x"')).object.data).toEqual({ true: '1', 8080: 'x' })
  })

  test('duplicate keys are reported with their line', async () => {
    const body = 'data:\n  a: "1"\n  a: "2"\n'
    expect((await refusal(yaml(body, 'Strict'))).message).toContain(
      'strict decoding error: yaml: unmarshal errors:\n  line 3: key "a" already set in map',
    )
  })

  test.each([
    ['a tab', 'data:\n\ta: 1'],
    [
      'an alias bomb',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`)}]`).join('\n')}`,
    ],
  ])('%s is refused', async (_name, body) => {
    const { code, message } = await refusal(yaml(body))
    expect(code).toBe(400)
    expect(message).toMatch(/must be of type ConfigMap\): error converting YAML to JSON: yaml: /)
  })
})
