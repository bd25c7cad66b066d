/**
 * Keys that a RequestAuthentication carries itself, as istiod's library reads them (lestrrat-go/jwx v1, jwk/set.go,
 * jwk/jwk.go and the generated readers). Not modelled: certificates (`x5c`) that are none.
 */
import { parseFirst } from '../../../go/json.ts'
import { fields, isFields, list } from '../read.ts'
import { quoted } from './go-text.ts'

/** What each kind of key must have, in the order in which it is missed. */
const required: Record<string, readonly [type: string, fields: string]> = {
  RSA: ['rsaPublicKey', 'e n'],
  'private RSA': ['rsaPrivateKey', 'd e n'],
  EC: ['ecdsaPublicKey', 'crv x y'],
  'private EC': ['ecdsaPrivateKey', 'crv d x y'],
  OKP: ['okpPublicKey', 'crv x'],
  'private OKP': ['okpPrivateKey', 'crv d x'],
  oct: ['symmetricKey', 'k'],
}

const isPrivate = (key: unknown): boolean => fields(key).d !== undefined

const kindOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'array'
  if (isFields(value)) return 'object'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

/** Padded or not, of either alphabet. */
const isBase64 = (value: string): boolean => {
  const digits = value.replace(/={1,2}$/, '')
  const isPadded = digits !== value
  return /^([\w-]*|[A-Za-z\d+/]*)$/.test(digits) && digits.length % 4 !== 1 && (!isPadded || value.length % 4 === 0)
}

const names = ['alg', 'kid', 'use', 'x5t', 'x5t#S256', 'x5u', 'crv']
const numbers = ['e', 'n', 'd', 'p', 'q', 'dp', 'dq', 'qi', 'x', 'y', 'k']

const valueProblem = (name: string, value: unknown): string | undefined => {
  if (value === null || (!names.includes(name) && !numbers.includes(name))) return undefined
  if (typeof value !== 'string')
    return `error reading next value: json: cannot unmarshal ${kindOf(value)} into Go value of type string`
  return numbers.includes(name) && !isBase64(value) ? 'expected base64 encoded []byte (string)' : undefined
}

const hint = 'struct { Kty string "json:\\"kty\\""; D json.RawMessage "json:\\"d\\"" }'

const keyProblem = (key: unknown): string | undefined => {
  const mistaken = (value: unknown, into: string): string =>
    `failed to unmarshal JSON into key hint: json: cannot unmarshal ${kindOf(value)} into Go ${into}`
  if (key !== null && !isFields(key)) return mistaken(key, `value of type ${hint}`)
  const { kty: given = '' } = fields(key)
  if (typeof given !== 'string') return mistaken(given, 'struct field .kty of type string')
  const form = required[isPrivate(key) && given !== 'oct' ? `private ${given}` : given]
  if (form === undefined) return `invalid key type from JSON (${given})`
  const into = `failed to unmarshal JSON into key (*jwk.${form[0]})`
  for (const [name, value] of Object.entries(fields(key))) {
    const wrong = valueProblem(name, value)
    if (wrong !== undefined) return `${into}: failed to decode value for key ${name}: ${wrong}`
  }
  const missing = form[1].split(' ').find((name) => fields(key)[name] === undefined)
  return missing === undefined ? undefined : `${into}: required field ${missing} is missing`
}

/** The complaint about `jwks`: a set of keys, or one key alone. */
export const jwksProblem = (given: string): string | undefined => {
  const failed = (why: string): string => `jwks parse error: failed to unmarshal JWK set: ${why}`
  const read = parseFirst(given)
  if ('problem' in read) return failed(read.problem)
  if (Array.isArray(read.value)) return failed("expected '{', but got '['")
  if (typeof read.value === 'string') return failed(`failed to decode value for key ${quoted(read.value)}: EOF`)
  if (!isFields(read.value)) return failed('error reading token: EOF')
  const { keys } = read.value
  if (keys === undefined) {
    const wrong = keyProblem(read.value)
    return wrong === undefined ? undefined : failed(`failed to parse sole key in key set: ${wrong}`)
  }
  if (keys !== null && !Array.isArray(keys))
    return failed(
      `failed to decode "keys": json: cannot unmarshal ${kindOf(keys)} into Go value of type []json.RawMessage`,
    )
  for (const [index, key] of list(keys).entries()) {
    const wrong = keyProblem(key)
    if (wrong !== undefined) return failed(`failed to decode key #${index} in "keys": ${wrong}`)
  }
  return undefined
}

/** Which keys of a set could also sign: they work, and have no business there. */
export const privateKeys = (given: string): number[] => {
  const read = parseFirst(given)
  if ('problem' in read || jwksProblem(given) !== undefined) return []
  const { keys } = fields(read.value)
  return (keys === undefined ? [read.value] : list(keys)).flatMap((key, index) =>
    isPrivate(key) || fields(key).kty === 'oct' ? [index] : [],
  )
}
