/** Reading what the API server answered: JSON on success, its own `Status` thrown on failure. */
import type { Status } from './api.ts'
import { StatusError } from './errors.ts'

const isStatus = (value: unknown): value is Status =>
  typeof value === 'object' && value !== null && (value as { kind?: unknown }).kind === 'Status'

/** The body as a `Status`; a body that is none (a proxy's page, `404 page not found`) becomes one around its text. */
export const statusOf = (code: number, body: string): Status => {
  try {
    const parsed: unknown = JSON.parse(body)
    if (isStatus(parsed)) return { ...parsed, code: parsed.code ?? code }
  } catch {
    // Not JSON: its text is all there is to show.
  }
  const text = body.trim().slice(0, 500)
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    reason: code === 404 ? 'NotFound' : code === 401 ? 'Unauthorized' : code === 403 ? 'Forbidden' : 'Unknown',
    code,
    message:
      code === 404
        ? 'the server could not find the requested resource'
        : `the server answered ${code}: ${text || 'nothing'}`,
  }
}

/** Throws `StatusError` unless the response is a success. */
export const assertOk = async (response: Response): Promise<Response> => {
  if (response.ok) return response
  throw new StatusError(statusOf(response.status, await response.text()))
}

/** The JSON body. Throws `StatusError` on an error status. */
export const readJson = async <T>(response: Response): Promise<T> => (await (await assertOk(response)).json()) as T

/** Lines of a streamed body, without their ends; a last line without an end counts. */
export async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line) yield line
  }
  if (rest) yield rest
}
