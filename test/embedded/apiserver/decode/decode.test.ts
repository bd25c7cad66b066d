import { describe, expect, test } from 'vitest'
import { decodeBody, decodeValue, type FieldValidation } from '../../../../src/embedded/apiserver/decode/decode.ts'
import type { Json } from '../../../../src/kube/api.ts'
import { StatusError } from '../../../../src/kube/errors.ts'

const kinds = {
  ConfigMap: { group: '', version: 'v1', kind: 'ConfigMap' },
  Secret: { group: '', version: 'v1', kind: 'Secret' },
  Deployment: { group: 'apps', version: 'v1', kind: 'Deployment' },
  Pod: { group: '', version: 'v1', kind: 'Pod' },
  Service: { group: '', version: 'v1', kind: 'Service' },
  CustomResourceDefinition: { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' },
}
type Name = keyof typeof kinds

const decode = (kind: Name, body: string | Json, fieldValidation?: FieldValidation, contentType?: string) =>
  decodeBody({
    bytes: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
    expected: kinds[kind],
    fieldValidation,
    contentType,
  })

const refusal = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof StatusError)) throw new Error(`not refused: ${error}`)
  return { code: error.code, message: error.message }
}

const deployment = (spec: Json) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec })
const container = (fields: Json) => deployment({ template: { spec: { containers: [fields] } } })
const unrecognized =
  "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: "
const asDeployment = 'Deployment in version "v1" cannot be handled as a Deployment: '

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

describe('values of a wrong type', () => {
  test.each<[Name, Json, string]>([
    [
      'Deployment',
      deployment({ replicas: 'two' }),
      `${asDeployment}json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      'Deployment',
      deployment({ replicas: 1.5 }),
      `${asDeployment}json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      'Deployment',
      deployment([]),
      `${asDeployment}json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec`,
    ],
    [
      'Deployment',
      container('x'),
      `${asDeployment}json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.containers of type v1.Container`,
    ],
    [
      'Deployment',
      deployment({ template: { spec: { containers: {} } } }),
      `${asDeployment}json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container`,
    ],
    [
      'Deployment',
      container({ args: 'x' }),
      `${asDeployment}json: cannot unmarshal string into Go struct field Container.spec.template.spec.containers.args of type []string`,
    ],
    [
      'Deployment',
      container({ env: [{ name: 'A', value: 1 }] }),
      `${asDeployment}json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string`,
    ],
    [
      'Deployment',
      container({ resources: { limits: { cpu: 'lots' } } }),
      `${asDeployment}quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    ],
    [
      'ConfigMap',
      { data: { a: 1 } },
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
    [
      'ConfigMap',
      { metadata: { labels: { a: true } } },
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      'Secret',
      { data: { a: 'not base64!' } },
      'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3',
    ],
    [
      'Service',
      { spec: { ports: [{ port: 80, targetPort: {} }] } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal object into Go struct field ServicePort.spec.ports.targetPort of type int32',
    ],
    [
      'CustomResourceDefinition',
      { spec: { versions: [{ schema: { openAPIV3Schema: { properties: { a: { type: 1 } } } } }] } },
      'CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: json: cannot unmarshal number into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.properties.type of type string',
    ],
  ])('%s %j', async (kind, body, message) => {
    expect(await refusal(decode(kind, body))).toEqual({ code: 400, message })
  })
})

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

describe('what comes out', () => {
  test('kind and apiVersion come from the URL when the body lacks them', async () => {
    expect((await decode('Deployment', { metadata: { name: 'a' } })).object).toMatchObject({
      kind: 'Deployment',
      apiVersion: 'apps/v1',
    })
  })

  test.each<[string, Name, Json, Json]>([
    [
      'nulls and empty optional values go',
      'Pod',
      { spec: { containers: [{ name: 'c', args: [], command: null, image: '' }] } },
      { spec: { containers: [{ name: 'c' }] } },
    ],
    [
      'pointers keep their zero',
      'Deployment',
      { spec: { replicas: 0, minReadySeconds: 0 } },
      { spec: { replicas: 0 } },
    ],
    [
      'structs stay',
      'Pod',
      { spec: { containers: [{ name: 'c', resources: {} }] } },
      { spec: { containers: [{ name: 'c', resources: {} }] } },
    ],
    [
      'quantities become canonical',
      'Pod',
      {
        spec: {
          containers: [
            { name: 'c', resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: 0.5 } } },
          ],
        },
      },
      {
        spec: {
          containers: [{ name: 'c', resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } }],
        },
      },
    ],
    [
      'int-or-string keeps its form',
      'Service',
      {
        spec: {
          ports: [
            { port: 80, targetPort: 'http' },
            { port: 81, targetPort: 8080 },
          ],
        },
      },
      {
        spec: {
          ports: [
            { port: 80, targetPort: 'http' },
            { port: 81, targetPort: 8080 },
          ],
        },
      },
    ],
    [
      'times are UTC in seconds',
      'Pod',
      { metadata: { creationTimestamp: '2026-11-24T12:00:00.5+02:00' } },
      { metadata: { creationTimestamp: '2026-11-24T10:00:00Z' } },
    ],
  ])('%s', async (_name, kind, body, expected) => {
    expect((await decode(kind, body)).object).toMatchObject(expected as object)
    const { kind: _kind, apiVersion: _apiVersion, metadata: _metadata, ...rest } = (await decode(kind, body)).object
    const { metadata: _ignored, ...wanted } = expected as Record<string, unknown>
    expect(rest).toEqual(wanted)
  })

  test('fields come in the order of the struct', async () => {
    const { object } = await decode('Pod', { status: {}, spec: {}, metadata: {}, kind: 'Pod', apiVersion: 'v1' })
    expect(Object.keys(object)).toEqual(['kind', 'apiVersion', 'metadata', 'spec', 'status'])
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
