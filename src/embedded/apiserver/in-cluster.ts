/**
 * The API server as pods reach it: `https://kubernetes.default.svc`, with the ServiceAccount's token or as nobody.
 * Not modelled: answers that go on (watches, followed logs), client certificates.
 */

import type { TokenIssuer } from '../pki/tokens.ts'
import type { Program } from '../workloads/workload.ts'
import { anonymous, type User } from './auth.ts'
import { failure, unauthorized } from './errors.ts'
import { type ApiServer, statusResponse } from './routes.ts'

/** Whom a bearer token names; anonymous without one. @throws StatusError 401 for a token that is not ours */
export const bearerUser = async (tokens: TokenIssuer, authorization: string | undefined): Promise<User> => {
  const bearer = /^bearer\s+(.+)$/i.exec(authorization ?? '')
  if (!bearer?.[1]) return anonymous
  const found = await tokens.verify(bearer[1].trim())
  if ('error' in found) throw unauthorized()
  return found.user
}

const endless = (path: string): boolean => /[?&](watch|follow)=(true|1)\b|\/v\d\w*\/watch\//.test(path)

export const inClusterProgram = (parts: {
  handle: ApiServer
  tokens: TokenIssuer
  port: number
  certificate: NonNullable<Program['certificate']>
}): Program => ({
  ports: [{ port: parts.port, protocol: 'https' }],
  certificate: parts.certificate,
  async http({ method, path, authority, headers, body }) {
    const answer = async (): Promise<Response> => {
      if (endless(path))
        return statusResponse(
          failure(501, 'NotImplemented', 'watching from inside a pod is not modelled by the embedded cluster').status,
        )
      const authorization = headers.find(([name]) => name === 'authorization')?.[1]
      const request = new Request(`https://${authority}${path}`, {
        method,
        headers: headers
          .filter(([name]) => name !== 'connection')
          .map(([name, value]): [string, string] => [name, value]),
        ...(body.length > 0 && method !== 'GET' && method !== 'HEAD' ? { body: new Uint8Array(body) } : {}),
      })
      try {
        return await parts.handle(request, await bearerUser(parts.tokens, authorization))
      } catch {
        return statusResponse(unauthorized().status)
      }
    }
    const response = await answer()
    const content = new Uint8Array(await response.arrayBuffer())
    const sent = [...response.headers].filter(([name]) => name !== 'content-length' && name !== 'transfer-encoding')
    return {
      status: response.status,
      headers: [...sent, ['date', new Date().toUTCString()], ['content-length', String(content.length)]],
      body: content,
    }
  },
})
