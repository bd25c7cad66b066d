/**
 * meshdojo/token-issuer: the labs' own token issuer. It answers on 8080:
 * `/.well-known/jwks.json`, `/.well-known/openid-configuration`, and `/token?sub=alice&aud=shop&claim=level=7&for=10m`
 * with the token alone. `iss` is the ISSUER variable unless the query names another.
 * Only the embedded cluster has it; on a real one, serve the output of `meshdojo token --jwks` from any web server.
 */
import { labJwks, labToken, readClaim, readLifetime } from '../../pki/lab-issuer.ts'
import type { ContainerContext, Image, Program } from '../workload.ts'
import { goResponse, type Response, target } from './http.ts'

const json = 'application/json'

const issue = async (context: ContainerContext, query: URLSearchParams, issuer: string): Promise<Response> => {
  const now = context.clock.now()
  const wrong = (says: string): Response => goResponse(now, 400, `${says}\n`)
  const sub = query.get('sub')
  if (!sub) return wrong('sub is missing: /token?sub=alice')
  const lifetime = readLifetime(query.get('for') ?? '1h')
  if (lifetime === undefined) return wrong(`for=${query.get('for')} is no duration: 90s, 15m, 2h, -5m`)
  const claims: Record<string, unknown> = {}
  for (const pair of query.getAll('claim')) {
    const claim = readClaim(pair)
    if (claim === undefined) return wrong(`claim=${pair} is no pair: claim=level=7`)
    claims[claim[0]] = claim[1]
  }
  const token = await labToken(
    { iss: query.get('iss') ?? issuer, sub, aud: query.getAll('aud'), claims, lifetime },
    now,
  )
  context.log(`issued a token of ${query.get('iss') ?? issuer} for ${sub}`)
  return goResponse(now, 200, `${token}\n`)
}

const start = (context: ContainerContext): Program => {
  const port = 8080
  const issuer = context.env.ISSUER ?? 'meshdojo-lab'
  context.log(`issuing tokens of ${issuer} on :${port}`)
  return {
    ports: [{ port, protocol: 'http' }],
    onTerm: 0,
    async http(request) {
      const { path, query } = target(request)
      const now = context.clock.now()
      switch (path) {
        case '/.well-known/jwks.json':
          return goResponse(now, 200, `${JSON.stringify(labJwks())}\n`, json)
        case '/.well-known/openid-configuration': {
          const document = { issuer, jwks_uri: `http://${request.authority}/.well-known/jwks.json` }
          return goResponse(now, 200, `${JSON.stringify(document)}\n`, json)
        }
        case '/token':
          return issue(context, query, issuer)
        case '/healthz':
          return goResponse(now, 200, 'ok\n')
        default:
          return goResponse(now, 404, '404 page not found\n')
      }
    },
  }
}

export const tokenIssuer: Image = {
  repository: 'meshdojo/token-issuer',
  says: 'issues tokens of the labs on 8080: /token?sub=…, /.well-known/jwks.json',
  entrypoint: ['/token-issuer'],
  userland: 'busybox',
  programs: { 'token-issuer': start },
}
