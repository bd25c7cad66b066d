import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBody } from '../../../../src/embedded/apiserver/decode/decode.ts'
import { decodeOptions } from '../../../../src/embedded/apiserver/decode/options.ts'
import { fieldTable, type GoField, type GoStruct } from '../../../../src/embedded/kinds/fields.ts'
import { encodeBody } from './encode.ts'

const contentType = 'application/vnd.kubernetes.protobuf'
const structOf = (name: string): GoStruct => {
  const struct = fieldTable().struct(name)
  if (!struct) throw new Error(`no struct ${name}`)
  return struct
}
const expected = (group: string, version: string, kind: string) => ({ group, version, kind })

test.each([
  [
    'a Deployment',
    'apps/v1.Deployment',
    expected('apps', 'v1', 'Deployment'),
    {
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: {
            containers: [
              {
                name: 'nginx',
                image: 'nginx',
                ports: [{ containerPort: 80 }],
                resources: { limits: { cpu: '500m' } },
                livenessProbe: { httpGet: { port: 'http' } },
              },
            ],
          },
        },
      },
    },
  ],
  [
    'a Secret',
    'core/v1.Secret',
    expected('', 'v1', 'Secret'),
    { metadata: { name: 's' }, data: { key: 'aGVsbG8=' }, type: 'Opaque' },
  ],
  [
    'a review',
    'authorization/v1.SelfSubjectAccessReview',
    expected('authorization.k8s.io', 'v1', 'SelfSubjectAccessReview'),
    { metadata: {}, spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } },
  ],
  [
    'inline structs',
    'core/v1.Pod',
    expected('', 'v1', 'Pod'),
    {
      metadata: { name: 'p' },
      spec: {
        containers: [
          { name: 'c', env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: false } } }] },
        ],
      },
    },
  ],
])('%s', async (_name, structName, kind, object) => {
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
  const bytes = encodeBody(structOf(structName), apiVersion, kind.kind, object)
  const decoded = await decodeBody({ bytes, contentType, expected: kind, fieldValidation: 'Strict' })
  expect(decoded.warnings).toEqual([])
  expect(decoded.object).toMatchObject({ kind: kind.kind, apiVersion, ...object })
})

/** Values that survive a round trip: what Go would neither drop nor rewrite. */
const value = (field: GoField, depth: number): fc.Arbitrary<unknown> => {
  const goType = field.goType.replace(/^(\[\]|map\[[^\]]*\])/, '')
  const single = (): fc.Arbitrary<unknown> => {
    switch (field.struct) {
      case undefined:
        if (goType === 'bool') return fc.constant(true)
        if (goType === 'int32') return fc.integer({ min: 1 })
        if (goType === 'int64') return fc.integer({ min: -(2 ** 40), max: -1 })
        if (field.goType.endsWith('[]uint8'))
          return fc.uint8Array({ minLength: 1, maxLength: 9 }).map((raw) => Buffer.from(raw).toString('base64'))
        return fc.string({ minLength: 1, unit: 'grapheme' })
      case 'meta/v1.Time':
        return fc
          .integer({ min: 1, max: 4e9 })
          .map((seconds) => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`)
      case 'resource.Quantity':
        return fc.integer({ min: 1, max: 999 }).map((milli) => `${milli}m`)
      case 'intstr.IntOrString':
        return fc.oneof(fc.integer({ min: 1 }), fc.string({ minLength: 1 }))
      default:
        return object(structOf(field.struct), depth - 1)
    }
  }
  if (field.repeated) return fc.array(single(), { minLength: 1, maxLength: 3 })
  if (field.map)
    return fc.dictionary(
      fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'),
      single(),
      { minKeys: 1, maxKeys: 3 },
    )
  return single()
}
const leaves = new Set(['meta/v1.Time', 'resource.Quantity', 'intstr.IntOrString'])
const object = (struct: GoStruct, depth: number): fc.Arbitrary<Record<string, unknown>> => {
  const usable = struct.fields.filter(
    ({ struct: name, number }) =>
      number > 0 && (name === undefined || leaves.has(name) || (depth > 0 && fieldTable().struct(name))),
  )
  const model = Object.fromEntries(usable.map((field) => [field.name, value(field, depth)]))
  // Go always writes scalars that are not optional, so they are always there.
  const required = usable
    .filter((field) => !field.omitEmpty && !field.struct && !field.repeated && !field.map)
    .map((field) => field.name)
  return fc.record(model, { requiredKeys: required })
}

describe('round trips', () => {
  test.each([
    ['', 'v1', 'Pod', 'core/v1.Pod'],
    ['', 'v1', 'Service', 'core/v1.Service'],
    ['', 'v1', 'ConfigMap', 'core/v1.ConfigMap'],
    ['apps', 'v1', 'Deployment', 'apps/v1.Deployment'],
    ['networking.k8s.io', 'v1', 'NetworkPolicy', 'networking/v1.NetworkPolicy'],
    ['rbac.authorization.k8s.io', 'v1', 'RoleBinding', 'rbac/v1.RoleBinding'],
  ])('%s/%s %s', async (group, version, kind, structName) => {
    const struct = structOf(structName)
    await fc.assert(
      fc.asyncProperty(object(struct, 2), async (body) => {
        const { kind: _kind, apiVersion: _apiVersion, ...fields } = body
        const expectedKind = expected(group, version, kind)
        const bytes = encodeBody(struct, group === '' ? version : `${group}/${version}`, kind, fields)
        const json = new TextEncoder().encode(JSON.stringify(fields))
        const viaProtobuf = await decodeBody({ bytes, contentType, expected: expectedKind })
        const viaJson = await decodeBody({ bytes: json, expected: expectedKind, fieldValidation: 'Strict' })
        expect(viaProtobuf).toEqual(viaJson)
        expect(viaJson.object).toMatchObject(fields)
      }),
      { numRuns: 60 },
    )
  })
})

describe('broken bodies', () => {
  const good = encodeBody(structOf('core/v1.ConfigMap'), 'v1', 'ConfigMap', {
    metadata: { name: 'a' },
    data: { k: 'v' },
  })
  const kind = expected('', 'v1', 'ConfigMap')

  test('any cut or changed byte is decoded or refused with 400, never a crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.nat(255), fc.boolean(), async (at, byte, cut) => {
        const bytes = cut ? good.slice(0, at) : good.with(at, byte)
        const result = await decodeBody({ bytes, contentType, expected: kind }).catch((error: unknown) => error)
        if (result instanceof Error) expect(result).toMatchObject({ name: 'StatusError', code: 400 })
      }),
    )
  })

  test('JSON that claims to be protobuf', async () => {
    const bytes = new TextEncoder().encode('{}')
    await expect(decodeBody({ bytes, contentType, expected: kind })).rejects.toThrow(
      'does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    )
  })
})

describe('DeleteOptions', () => {
  const struct = structOf('meta/v1.DeleteOptions')
  const options = {
    gracePeriodSeconds: 0,
    propagationPolicy: 'Background',
    dryRun: ['All'],
    preconditions: { uid: 'u' },
  }

  test.each([
    ['protobuf', encodeBody(struct, 'v1', 'DeleteOptions', options), contentType, options],
    ['protobuf of another group', encodeBody(struct, 'policy/v1', 'DeleteOptions', options), contentType, options],
    [
      'JSON',
      new TextEncoder().encode(JSON.stringify({ kind: 'DeleteOptions', apiVersion: 'v1', ...options })),
      'application/json',
      options,
    ],
    ['no body with a content type', new Uint8Array(), 'application/json', {}],
    [
      'JSON without a kind',
      new TextEncoder().encode('{"propagationPolicy":"Orphan"}'),
      null,
      { propagationPolicy: 'Orphan' },
    ],
  ])('%s', async (_name, bytes, type, decoded) => {
    expect(await decodeOptions(bytes, type)).toEqual(decoded)
  })

  test.each([
    ['{', "couldn't get version/kind; json parse error: unexpected end of JSON input"],
    ['{"kind":"Pod","apiVersion":"v1"}', 'decoded object cannot be converted to DeleteOptions'],
    [
      '{"gracePeriodSeconds":"1"}',
      'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64',
    ],
  ])('%s', async (body, message) => {
    await expect(decodeOptions(new TextEncoder().encode(body))).rejects.toMatchObject({ code: 500, message })
  })
})
