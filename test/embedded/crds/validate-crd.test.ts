import { describe, expect, test } from 'vitest'
import { crdKind } from '../../../src/embedded/crds/crd-kind.ts'
import type { CustomResourceDefinition } from '../../../src/embedded/crds/definition.ts'
import type { JsonSchema } from '../../../src/embedded/crds/schema.ts'
import { validateCrd } from '../../../src/embedded/crds/validate-crd.ts'
import { widgetCrd } from './widget.ts'

const problems = (change: (crd: CustomResourceDefinition) => void, old?: CustomResourceDefinition): string[] => {
  const crd = widgetCrd()
  change(crd)
  crdKind.setDefaults?.(crd)
  return validateCrd(crd, old).map(({ field, message }) => `${field}: ${message}`)
}
const withSpec = (spec: JsonSchema) => (crd: CustomResourceDefinition) => Object.assign(crd, widgetCrd({}, spec))
const at = 'spec.validation.openAPIV3Schema.properties[spec]'

test('a good CRD has no problems', () => {
  expect(problems(() => {})).toEqual([])
})

describe('names, scope and versions', () => {
  test.each<[string, (crd: CustomResourceDefinition) => void, string[]]>([
    [
      'another name',
      (crd) => {
        crd.metadata.name = 'foo'
      },
      ['metadata.name: Invalid value: "foo": must be spec.names.plural+"."+spec.group'],
    ],
    [
      'no scope',
      (crd) => {
        crd.spec.scope = ''
      },
      ['spec.scope: Required value'],
    ],
    [
      'a wrong scope',
      (crd) => {
        crd.spec.scope = 'Foo'
      },
      ['spec.scope: Unsupported value: "Foo": supported values: "Cluster", "Namespaced"'],
    ],
    [
      'no schema',
      (crd) => void delete crd.spec.versions[0]!.schema,
      ['spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required'],
    ],
    [
      'a group without a dot',
      (crd) => {
        crd.spec.group = 'ex'
        crd.metadata.name = 'widgets.ex'
      },
      ['spec.group: Invalid value: "ex": should be a domain with at least one dot'],
    ],
    [
      'a protected group',
      (crd) => {
        crd.spec.group = 'x.k8s.io'
        crd.metadata.name = 'widgets.x.k8s.io'
      },
      [
        'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111',
      ],
    ],
    [
      'a list kind that is the kind',
      (crd) => {
        crd.spec.names.listKind = 'Widget'
      },
      ['spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same'],
    ],
    [
      'a column of an unknown type',
      (crd) => {
        crd.spec.versions[0]!.additionalPrinterColumns = [{ name: 'X', type: 'int', jsonPath: '.spec.x' }]
      },
      [
        'spec.additionalPrinterColumns[0].type: Unsupported value: "int": supported values: "boolean", "date", "integer", "number", "string"',
      ],
    ],
  ])('%s', (_name, change, expected) => {
    expect(problems(change)).toEqual(expected)
  })

  test('no storage version', () => {
    expect(
      problems((crd) => {
        crd.spec.versions[0]!.storage = false
      }),
    ).toEqual([
      expect.stringMatching(
        /^spec\.versions: Invalid value: \[.*\]: must have exactly one version marked as storage version$/,
      ),
      'status.storedVersions: Invalid value: null: must have at least one stored version',
    ])
  })
})

describe('schemas', () => {
  test.each<[string, JsonSchema, string[]]>([
    [
      'a field without a type',
      { type: 'object', properties: { a: {} } },
      [`${at}.properties[a].type: Required value: must not be empty for specified object fields`],
    ],
    [
      'items without a type',
      { type: 'array', items: {} },
      [`${at}.items.type: Required value: must not be empty for specified array items`],
    ],
    ['a list without items', { type: 'array' }, [`${at}.items: Required value: must be specified`]],
    [
      'an unknown type',
      { type: 'strin' },
      [
        `${at}.type: Unsupported value: "strin": supported values: "array", "boolean", "integer", "number", "object", "string"`,
      ],
    ],
    [
      'a type inside anyOf',
      { type: 'object', anyOf: [{ type: 'object' }] },
      [`${at}.anyOf[0].type: Forbidden: must be empty to be structural`],
    ],
    [
      'properties and additionalProperties',
      { type: 'object', properties: {}, additionalProperties: { type: 'string' } },
      [`${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
    ],
    [
      'a map list without keys',
      { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'map' },
      [`${at}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`],
    ],
    [
      'int-or-string needs no type',
      { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      [],
    ],
    ['kept fields need no type', { 'x-kubernetes-preserve-unknown-fields': true }, []],
  ])('%s', (_name, spec, expected) => {
    expect(problems(withSpec(spec))).toEqual(expected)
  })

  test.each<[string, JsonSchema, RegExp]>([
    [
      'a pattern that is not RE2',
      { type: 'string', pattern: '(' },
      /\.pattern: Invalid value: "\(": must be a valid regular expression, but isn't: /,
    ],
    [
      'a rule that does not parse',
      { type: 'object', 'x-kubernetes-validations': [{ rule: 'self.a >' }] },
      /x-kubernetes-validations\[0\]\.rule: Invalid value: .*: compilation failed: ERROR: <input>:1:/,
    ],
    [
      'a rule with an unknown function',
      { type: 'object', 'x-kubernetes-validations': [{ rule: 'frob(self)' }] },
      /compilation failed: ERROR/,
    ],
    [
      'a default that does not validate',
      { type: 'integer', minimum: 3, default: 1 },
      /\.default: Invalid value: 1: .*should be greater than or equal to 3$/,
    ],
    [
      'a default with unknown fields',
      { type: 'object', properties: { a: { type: 'string' } }, default: { b: 1 } },
      /\.default: Invalid value: \{"b":1\}: must not have unknown fields$/,
    ],
  ])('%s', (_name, spec, expected) => {
    expect(problems(withSpec(spec))).toEqual([expect.stringMatching(expected)])
  })
})

describe('updates', () => {
  const old = (): CustomResourceDefinition => {
    const crd = widgetCrd()
    crd.status = { conditions: [{ type: 'Established', status: 'True' }], storedVersions: ['v1'] }
    return crd
  }
  test.each<[string, (crd: CustomResourceDefinition) => void, string[]]>([
    [
      'scope',
      (crd) => {
        crd.spec.scope = 'Cluster'
      },
      ['spec.scope: Invalid value: "Cluster": field is immutable'],
    ],
    [
      'kind',
      (crd) => {
        crd.spec.names.kind = 'Gadget'
      },
      ['spec.names.kind: Invalid value: "Gadget": field is immutable'],
    ],
    [
      'a version that objects are stored in',
      (crd) => {
        crd.spec.versions[0]!.name = 'v2'
        crd.status = { storedVersions: ['v1'] }
      },
      [
        expect.stringMatching(
          /^status\.storedVersions\[0\]: Invalid value: "v1": missing from spec\.versions; v1 was previously a storage version/,
        ),
      ],
    ],
  ])('%s', (_name, change, expected) => {
    expect(problems(change, old())).toEqual(expected)
  })

  test('a new storage version is remembered', () => {
    const crd = old()
    crd.spec.versions = [
      { ...crd.spec.versions[0]!, storage: false },
      { ...crd.spec.versions[0]!, name: 'v2' },
    ]
    crdKind.setDefaults?.(crd)
    expect(crd.status?.storedVersions).toEqual(['v1', 'v2'])
    expect(validateCrd(crd, old())).toEqual([])
  })
})

test('defaults name what the author left out', () => {
  const crd = widgetCrd()
  crd.spec.names = { plural: 'widgets', kind: 'Widget' }
  crdKind.setDefaults?.(crd)
  expect(crd.spec).toMatchObject({
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    conversion: { strategy: 'None' },
  })
})
