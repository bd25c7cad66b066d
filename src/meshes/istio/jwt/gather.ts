/**
 * The facts about the tokens of a call: each token is held against each rule of the receiver that looks where it is.
 * Key sets of a `jwksUri` are fetched as istiod does (PILOT_JWT_ENABLE_REMOTE_JWKS is off by default); when that fails,
 * istiod hands out a key that nobody can sign with, so every token fails. Upstream: pilot/pkg/model/jwks_resolver.go.
 * Not modelled: how long istiod keeps a key set (20 minutes): keys are those of the moment.
 */
import type { Pod } from '../../../kube/kinds.ts'
import type { HttpRequest, TokenFact } from '../../call.ts'
import type { Outside } from '../../mesh.ts'
import type { IstioModel } from '../compile.ts'
import { isMeshed } from '../pods.ts'
import { isFields } from '../read.ts'
import { findTokens } from './locations.ts'
import { type JwtRule, rulesFor } from './rules.ts'
import { verifyToken } from './verify.ts'

/** Stands for the key that istiod hands out when it cannot fetch: it matches every token and verifies none. */
const nobodysKeys = JSON.stringify({ keys: [{ kty: 'RSA', e: 'AQAB', n: 'AQAB' }] })

const isKeySet = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text)
    return isFields(value) && Array.isArray(value.keys)
  } catch {
    return false
  }
}

/** Where the keys are, by the issuer's OpenID discovery document. */
const discover = async (issuer: string, outside: Outside): Promise<string | null | undefined> => {
  const document = await outside.fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`)
  if (document === null || document === undefined) return document
  try {
    const value: unknown = JSON.parse(document)
    return isFields(value) && typeof value.jwks_uri === 'string' ? value.jwks_uri : null
  } catch {
    return null
  }
}

const keySetOf = async (rule: JwtRule, outside: Outside): Promise<string | undefined> => {
  if (rule.jwks !== '') return rule.jwks
  const uri = rule.jwksUri === '' ? await discover(rule.issuer, outside) : rule.jwksUri
  const text = typeof uri === 'string' ? await outside.fetch(uri) : uri
  if (text === undefined) return undefined
  return text !== null && isKeySet(text) ? text : nobodysKeys
}

/** The facts about the tokens of a request at that receiver. */
export const tokenFacts = async (
  model: IstioModel,
  receiver: Pod,
  http: HttpRequest | undefined,
  outside: Outside,
): Promise<TokenFact[]> => {
  if (http === undefined || !isMeshed(receiver)) return []
  const { namespace = '', labels } = receiver.metadata
  const rules = rulesFor(model.requestAuthentications, { namespace, labels, root: model.config.rootNamespace })
  const tokens: TokenFact[] = []
  for (const rule of rules) {
    let keys: Promise<string | undefined> | undefined
    const keySet = (): Promise<string | undefined> => {
      keys ??= keySetOf(rule, outside).catch(() => undefined)
      return keys
    }
    for (const { token } of findTokens(rule.locations, http)) {
      const result = await verifyToken(token, rule, outside.now, keySet)
      tokens.push({ token, against: rule.key, ...(result === undefined ? {} : { result }) })
    }
  }
  return tokens
}
