/** ConfigMaps and Secrets. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import { forbidden, immutable, invalid, required } from './validation/errors.ts'
import { configMapKey } from './validation/names.ts'

interface ConfigObject extends KubeObject {
  data?: Record<string, string>
  binaryData?: Record<string, string>
  immutable?: boolean
}

interface SecretObject extends ConfigObject {
  type?: string
  stringData?: Record<string, string>
}

const count = ({ data = {}, binaryData = {} }: ConfigObject): number =>
  Object.keys(data).length + Object.keys(binaryData).length

const keyErrors = (data: Record<string, string> | undefined, field: string): FieldError[] =>
  Object.keys(data ?? {}).flatMap((key) => configMapKey(key).map((says) => invalid(`${field}[${key}]`, key, says)))

const mebibyte = 1024 * 1024
const base64Size = (text: string): number => Math.floor((text.length * 3) / 4) - (text.match(/=+$/)?.[0].length ?? 0)
const sum = (values: Record<string, string> | undefined, size: (value: string) => number): number =>
  Object.values(values ?? {}).reduce((total, value) => total + size(value), 0)

/** All values together (kubernetes/kubernetes pkg/apis/core/validation, MaxSecretSize); the names do not count. */
const sizeErrors = (field: string, bytes: number): FieldError[] =>
  bytes > mebibyte
    ? [{ field, reason: 'FieldValueTooLong', message: `Too long: may not be more than ${mebibyte} bytes` }]
    : []

/** An immutable object may lose neither its data nor the word `immutable`. */
const frozenErrors = (object: ConfigObject, old: ConfigObject | undefined): FieldError[] => {
  if (!old?.immutable) return []
  const says = 'field is immutable when `immutable` is set'
  const same = (field: 'data' | 'binaryData') => JSON.stringify(object[field]) === JSON.stringify(old[field])
  return [
    ...(object.immutable ? [] : [forbidden('immutable', says)]),
    ...(same('data') ? [] : [forbidden('data', says)]),
    ...(same('binaryData') ? [] : [forbidden('binaryData', says)]),
  ]
}

export const configMapKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  singular: 'configmap',
  shortNames: ['cm'],
  namespaced: true,
  goType: 'core/v1.ConfigMap',
  validate: (object, old) => [
    ...keyErrors((object as ConfigObject).data, 'data'),
    ...Object.keys((object as ConfigObject).data ?? {}).flatMap((key) =>
      Object.hasOwn((object as ConfigObject).binaryData ?? {}, key)
        ? [invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')]
        : [],
    ),
    ...keyErrors((object as ConfigObject).binaryData, 'binaryData'),
    // The field's path really is empty there, which prints as brackets.
    ...sizeErrors(
      '[]',
      sum((object as ConfigObject).data, Buffer.byteLength) + sum((object as ConfigObject).binaryData, base64Size),
    ),
    ...frozenErrors(object, old),
  ],
  columns: [nameColumn, integer('Data', count), ageColumn],
}

const setDefaults = (object: KubeObject) => {
  const secret = object as SecretObject
  secret.type ||= 'Opaque'
  for (const [key, value] of Object.entries(secret.stringData ?? {})) {
    secret.data = { ...secret.data, [key]: Buffer.from(value).toString('base64') }
  }
  delete secret.stringData
}

/** Keys without which a secret of that type is useless. */
const neededKeys: Record<string, string[]> = {
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
}

/** In Go's words, as far as the first character tells. */
const jsonProblem = (text: string): string | undefined => {
  try {
    JSON.parse(text)
    return undefined
  } catch {
    const [first = ''] = text.trimStart()
    if (first === '') return 'unexpected end of JSON input'
    return /[[{"\d-]/.test(first) ? 'invalid JSON' : `invalid character '${first}' looking for beginning of value`
  }
}

const typeErrors = ({ type = '', data = {}, metadata }: SecretObject): FieldError[] => {
  const errors = (neededKeys[type] ?? []).flatMap((key) => (key in data ? [] : [required(`data[${key}]`)]))
  const config = type === 'kubernetes.io/dockerconfigjson' ? '.dockerconfigjson' : '.dockercfg'
  if (type.startsWith('kubernetes.io/docker') && data[config] !== undefined) {
    const says = jsonProblem(Buffer.from(data[config], 'base64').toString())
    if (says) errors.push(invalid(`data[${config}]`, '<secret contents redacted>', says))
  }
  if (type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
    errors.push(required('data[username]'), required('data[password]'))
  }
  const account = 'kubernetes.io/service-account.name'
  if (type === 'kubernetes.io/service-account-token' && !metadata.annotations?.[account]) {
    errors.push(required(`metadata.annotations[${account}]`))
  }
  return errors
}

export const secretKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Secret',
  resource: 'secrets',
  singular: 'secret',
  namespaced: true,
  goType: 'core/v1.Secret',
  setDefaults,
  validate: (object, old) => {
    const secret = object as SecretObject
    const before = old as SecretObject | undefined
    return [
      ...keyErrors(secret.data, 'data'),
      ...sizeErrors('data', sum(secret.data, base64Size)),
      ...typeErrors(secret),
      ...(before ? immutable('type', secret.type, before.type) : []),
      ...frozenErrors(secret, before),
    ]
  },
  warnings: (object) => {
    const { type, data = {} } = object as SecretObject
    if (type !== 'kubernetes.io/tls' || Buffer.from(data['tls.crt'] ?? '', 'base64').includes('-----BEGIN')) return []
    return ['tls: failed to find any PEM data in certificate input']
  },
  columns: [nameColumn, text<SecretObject>('Type', ({ type }) => type ?? ''), integer('Data', count), ageColumn],
  selectableFields: { type: (object) => (object as SecretObject).type ?? '' },
}
