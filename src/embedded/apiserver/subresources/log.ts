/** `/log`: text as it is written, with `follow` for as long as the client stays. */
import type { Pod } from '../../../kube/kinds.ts'
import type { LogOptions } from '../../kubelet.ts'
import type { Call } from '../call.ts'
import { badRequest, failure, notFound } from '../errors.ts'

export async function log(call: Call): Promise<Response> {
  const { parts, kind, namespace = '', name = '', query, request } = call
  const pod = parts.registry.get(kind, name, namespace) as Pod | undefined
  if (!pod) throw notFound(kind, name)
  const container = query.get('container') || onlyContainer(pod)
  const known = [...pod.spec.containers, ...(pod.spec.initContainers ?? []), ...ephemeral(pod)]
  if (!known.some((candidate) => candidate.name === container))
    throw badRequest(`container ${container} is not valid for pod ${name}`)
  const kubelet = parts.kubelet()
  if (!pod.spec.nodeName || !kubelet) return text('')

  const stopped = new AbortController()
  request.signal.addEventListener('abort', () => stopped.abort(), { once: true })
  const chunks = kubelet
    .logs({ namespace, pod: name, container }, optionsOf(query), stopped.signal)
    [Symbol.asyncIterator]()
  // A refusal comes with the first chunk and must still become a Status; but a silent container's log begins at once.
  const first = chunks.next()
  await Promise.race([first, new Promise((resolve) => setImmediate(resolve))])
  return text(stream(first, chunks, stopped))
}

function stream(
  first: Promise<IteratorResult<string>>,
  chunks: AsyncIterator<string>,
  stopped: AbortController,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let next: Promise<IteratorResult<string>> | undefined = first
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await (next ?? chunks.next())
        next = undefined
        if (done) controller.close()
        else controller.enqueue(encoder.encode(value))
      },
      async cancel() {
        stopped.abort()
        await chunks.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

const text = (body: string | ReadableStream<Uint8Array>): Response =>
  new Response(body, { status: 200, headers: { 'content-type': 'text/plain' } })

const ephemeral = (pod: Pod): { name: string }[] =>
  (pod.spec.ephemeralContainers as { name: string }[] | undefined) ?? []

function onlyContainer(pod: Pod): string {
  const names = [...(pod.spec.initContainers ?? []), ...pod.spec.containers, ...ephemeral(pod)].map(({ name }) => name)
  if (pod.spec.containers.length === 1 && names.length === 1) return names[0]!
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${pod.spec.containers.map(({ name }) => name).join(' ')}]${
      pod.spec.initContainers?.length
        ? ` or one of the init containers: [${pod.spec.initContainers.map(({ name }) => name).join(' ')}]`
        : ''
    }`,
  )
}

function optionsOf(query: URLSearchParams): LogOptions {
  const number = (name: string): number | undefined => {
    const value = query.get(name)
    if (!value) return undefined
    if (!/^-?\d+$/.test(value)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`)
    return Number(value)
  }
  const flag = (name: string): boolean => ['true', '1'].includes(query.get(name) ?? '')
  const options: LogOptions = {
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    tailLines: number('tailLines'),
    sinceSeconds: number('sinceSeconds'),
    limitBytes: number('limitBytes'),
    ...(query.get('sinceTime') ? { sinceTime: query.get('sinceTime')! } : {}),
  }
  if (options.sinceTime && options.sinceSeconds !== undefined)
    throw failure(
      422,
      'Invalid',
      'PodLogOptions "" is invalid: at most one of sinceTime or sinceSeconds may be specified',
    )
  return options
}
