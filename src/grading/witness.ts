/**
 * What the receiver saw of the connection: Istio's sidecar tells the application in `x-forwarded-client-cert`, and the
 * labs' applications show the headers they got. An application that does not show them is no witness, and then nothing
 * is claimed.
 */
import type { CurlResult } from './curl.ts'

export interface Witness {
  mtls: boolean
  /** The caller as the receiver's proxy knows it, without `spiffe://`. */
  identity?: string
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Splits at a separator that stands outside double quotes. */
const splitQuoted = (text: string, separator: string): string[] => {
  const parts = ['']
  let quoted = false
  for (const char of text) {
    if (char === '"') quoted = !quoted
    if (char === separator && !quoted) parts.push('')
    else parts[parts.length - 1] += char
  }
  return parts
}

/** The caller's SPIFFE identity in an `x-forwarded-client-cert`; the last element is the nearest hop. */
export const identityIn = (xfcc: string): string | undefined => {
  const nearest = splitQuoted(xfcc, ',').at(-1) ?? ''
  const uri = splitQuoted(nearest, ';').find((field) => field.trim().toLowerCase().startsWith('uri='))
  return uri
    ?.trim()
    .slice('uri='.length)
    .replace(/^"|"$/g, '')
    .replace(/^spiffe:\/\//, '')
}

/** In which header a receiver's proxy names the caller, where the mesh says nothing else. */
const usual = 'x-forwarded-client-cert'

/** Other headers than Envoy's carry the identity as it is. */
const fromHeader = (xfcc: string, header: string): Witness => {
  const identity = header === usual ? identityIn(xfcc) : xfcc.trim()
  return { mtls: xfcc.trim() !== '', ...(identity ? { identity } : {}) }
}

/** What a body of `mendhak/http-https-echo` shows; undefined when it is not one. */
export const witnessIn = (result: CurlResult, header = usual): Witness | undefined => {
  if (!result.body.trimStart().startsWith('{')) return undefined
  try {
    const echo: unknown = JSON.parse(result.body)
    if (!isRecord(echo) || !isRecord(echo.headers) || typeof echo.path !== 'string') return undefined
    const xfcc = echo.headers[header]
    return fromHeader(typeof xfcc === 'string' ? xfcc : '', header)
  } catch {
    return undefined
  }
}

/** agnhost's netexec answers every unknown path with the time, and shows one request header at `/header?key=…`. */
const netexecBody = /^NOW: /

/** The second request that makes agnhost a witness of the same connection; undefined for other applications. */
export const witnessUrl = (url: string, result: CurlResult, header = usual): string | undefined =>
  result.status === 200 && netexecBody.test(result.body)
    ? new URL(`/header?key=${header.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())}`, url).href
    : undefined

/** Reads the answer to `witnessUrl`; undefined when it was refused, or agnhost is too old to know the path. */
export const witnessInHeaderAnswer = (result: CurlResult, header = usual): Witness | undefined =>
  result.status === 200 && !netexecBody.test(result.body) ? fromHeader(result.body, header) : undefined
