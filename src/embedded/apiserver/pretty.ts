/** Indented JSON for people who look at the API with curl or a browser. */

/** Whether the answer is for eyes (k8s.io/apiserver pkg/endpoints/handlers/negotiation/negotiate.go, isPrettyPrint). */
export function wantsPretty(request: Request): boolean {
  const asked = request.url.includes('pretty') ? new URL(request.url).searchParams.get('pretty') : null
  if (asked) return ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(asked)
  return /^(curl|Wget|Mozilla\/5\.0)/.test(request.headers.get('user-agent') ?? '')
}

/** The same answer, indented; anything but a complete JSON document stays as it is. */
export async function indented(response: Response): Promise<Response> {
  const type = response.headers.get('content-type')
  if (!type?.startsWith('application/json') || !response.headers.has('content-length')) return response
  const body = `${JSON.stringify(await response.json(), null, 2)}\n`
  const headers = new Headers(response.headers)
  headers.set('content-length', String(Buffer.byteLength(body)))
  return new Response(body, { status: response.status, headers })
}
