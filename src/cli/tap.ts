/** `tap`: what an observer between two pods sees of a request, and what mutual TLS leaves of it. The request is sent. */
import { readWorld } from '../grading/world.ts'
import { tapRequest } from '../tap/capture.ts'
import { captureRows, headings, knownToProxies, nowSentence, type Row } from '../tap/text.ts'
import type { Tap } from '../tap/wire.ts'
import { exit, type Io, print, printJson, UsageError } from './io.ts'
import { detectMesh, loadMesh } from './meshes.ts'
import { checkWorkload, parseHeaders, type RequestOptions, requestTarget } from './request.ts'
import { openTarget } from './target.ts'

/** Bytes of one message or record that are printed; `--json` has all. */
const atMost = 2048

const textOf = ({ parts }: Row): string =>
  parts
    .map(({ text }) => text)
    .join('')
    .trimEnd()

const format = (tap: Tap): string => {
  const { plaintext, mtls, destination } = tap
  const titles = headings(tap)
  const rows = (capture: NonNullable<Tap['plaintext']>) => captureRows(capture, { perRow: 16, atMost }).map(textOf)
  return [
    `${tap.met}: ${tap.because}`,
    '',
    `from ${tap.from}`,
    `to   ${tap.method} ${tap.url}${destination ? ` (${destination})` : ''}`,
    `     on the wire now: ${nowSentence(tap)}`,
    '',
    ...(plaintext ? [`== ${titles.plaintext} ==`, '', ...rows(plaintext)] : []),
    ...(mtls ? [`== ${titles.mtls} ==`, '', ...rows(mtls)] : []),
    ...(mtls
      ? [
          'Known to the two proxies only, encrypted on the wire:',
          ...knownToProxies(tap).map((line) => `  - ${line}`),
          '',
        ]
      : []),
    ...tap.notes.map((note) => `note: ${note}`),
  ].join('\n')
}

/** Everything, with bytes as hexadecimal. */
const toJson = (tap: Tap): unknown => {
  const plain = <Some extends NonNullable<Tap['plaintext']>>(capture: Some) => ({
    ...capture,
    chunks: capture.chunks.map((chunk) => ({ ...chunk, bytes: Buffer.from(chunk.bytes).toString('hex') })),
  })
  const { plaintext, mtls } = tap
  return { ...tap, ...(plaintext ? { plaintext: plain(plaintext) } : {}), ...(mtls ? { mtls: plain(mtls) } : {}) }
}

export const tap = async (io: Io, from: string, url: string, options: RequestOptions): Promise<number> => {
  const { scheme } = requestTarget(from, url)
  if (scheme !== 'http')
    throw new UsageError(
      `"${url}" is not captured: tap reads http:// only${scheme === 'https' ? '; here the application itself encrypts, whatever the mesh does' : ''}`,
    )
  const headers = parseHeaders(options.header)
  const { cluster, client } = await openTarget(io, options.kubeconfig)
  try {
    const name = await detectMesh(client)
    const world = await readWorld(cluster, name && (await loadMesh(name)), { client })
    checkWorkload(world.network, from)
    const found = await tapRequest(cluster, world, { from, url, method: options.method, headers })
    if (options.json) printJson(io, toJson(found))
    else print(io, format(found))
    return exit.passed
  } finally {
    cluster.close()
  }
}
