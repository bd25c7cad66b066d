/**
 * A token taken apart, with the complaints of google/jwt_verify_lib (src/jwt.cc, parseFromString) in its order. Pure:
 * nothing is verified here.
 */
import { type Fields, isFields } from '../read.ts'
import type { JwtStatus } from './status.ts'

export interface ParsedToken {
  alg: string
  /** Empty: none. */
  kid: string
  /** Empty: none. */
  issuer: string
  /** Seconds since the epoch; 0: none. */
  notBefore: number
  expires: number
  audiences: string[]
  payload: Fields
  /** The payload as it stands in the token. */
  payloadText: string
  /** `header.payload.signature` without empty sections. */
  sections: [header: string, payload: string, signature: string]
}

const algorithms = new Set('ES256 ES384 ES512 HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 EdDSA'.split(' '))

/** Bytes of a base64url text, padding optional; undefined: it is none. */
export const fromBase64Url = (text: string): Uint8Array | undefined => {
  const bare = text.replace(/={1,2}$/, '')
  if (!/^[A-Za-z0-9_-]*$/.test(bare) || bare.length % 4 === 1) return undefined
  const binary = atob(bare.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (char) => char.charCodeAt(0))
}

const json = (bytes: Uint8Array): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return isFields(value) ? value : undefined
  } catch {
    return undefined
  }
}

type Complaint = { status: JwtStatus }

const string = (fields: Fields, name: string, status: JwtStatus): string | Complaint => {
  const value = fields[name]
  if (value === undefined) return ''
  return typeof value === 'string' ? value : { status }
}

const integer = (fields: Fields, name: string, type: JwtStatus, range: JwtStatus): number | Complaint => {
  const value = fields[name]
  if (value === undefined) return 0
  if (typeof value !== 'number') return { status: type }
  return value < 0 || value >= 2 ** 64 ? { status: range } : Math.trunc(value)
}

const stringList = (value: unknown): string[] | undefined => {
  if (value === undefined) return []
  if (typeof value === 'string') return [value]
  return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined
}

const isComplaint = (value: unknown): value is Complaint => isFields(value)

/** The parts of a token, or the first thing that is wrong with its form. */
export const parseToken = (token: string): ParsedToken | Complaint => {
  const sections = token.split('.').filter((section) => section !== '')
  const [head, body, signature] = sections
  if (sections.length !== 3 || head === undefined || body === undefined || signature === undefined)
    return { status: 'JwtBadFormat' }
  const headBytes = fromBase64Url(head)
  if (headBytes === undefined) return { status: 'JwtHeaderParseErrorBadBase64' }
  const header = json(headBytes)
  if (header === undefined) return { status: 'JwtHeaderParseErrorBadJson' }
  const { alg } = header
  if (typeof alg !== 'string') return { status: 'JwtHeaderBadAlg' }
  if (!algorithms.has(alg)) return { status: 'JwtHeaderNotImplementedAlg' }
  const kid = string(header, 'kid', 'JwtHeaderBadKid')
  if (isComplaint(kid)) return kid
  const bodyBytes = fromBase64Url(body)
  if (bodyBytes === undefined) return { status: 'JwtPayloadParseErrorBadBase64' }
  const payload = json(bodyBytes)
  if (payload === undefined) return { status: 'JwtPayloadParseErrorBadJson' }
  const issuer = string(payload, 'iss', 'JwtPayloadParseErrorIssNotString')
  if (isComplaint(issuer)) return issuer
  const subject = string(payload, 'sub', 'JwtPayloadParseErrorSubNotString')
  if (isComplaint(subject)) return subject
  const issued = integer(payload, 'iat', 'JwtPayloadParseErrorIatNotInteger', 'JwtPayloadParseErrorIatOutOfRange')
  if (isComplaint(issued)) return issued
  const notBefore = integer(payload, 'nbf', 'JwtPayloadParseErrorNbfNotInteger', 'JwtPayloadParseErrorNbfOutOfRange')
  if (isComplaint(notBefore)) return notBefore
  const expires = integer(payload, 'exp', 'JwtPayloadParseErrorExpNotInteger', 'JwtPayloadParseErrorExpOutOfRange')
  if (isComplaint(expires)) return expires
  const id = string(payload, 'jti', 'JwtPayloadParseErrorJtiNotString')
  if (isComplaint(id)) return id
  const audiences = stringList(payload.aud)
  if (audiences === undefined) return { status: 'JwtPayloadParseErrorAudNotString' }
  if (fromBase64Url(signature) === undefined) return { status: 'JwtSignatureParseErrorBadBase64' }
  return {
    alg,
    kid,
    issuer,
    notBefore,
    expires,
    audiences,
    payload,
    payloadText: body,
    sections: [head, body, signature],
  }
}
