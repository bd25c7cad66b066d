/** A tap as rows of text, for the command line and for the TUI alike. Pure; the rows are as wide as their words. */
import { hexdump } from './hexdump.ts'
import type { Capture, Chunk, Tap } from './wire.ts'

export interface Part {
  text: string
  /** `secret` is also marked by a `!` at the start of its row. */
  as?: 'title' | 'fact' | 'header' | 'secret'
}

export interface Row {
  parts: Part[]
  /** Prose, which may be wrapped; rows of a dump may not. */
  prose?: boolean
}

export interface RowOptions {
  /** 16, or 8 where there is little room. */
  perRow: 8 | 16
  /** Bytes of one chunk that are shown; of an encrypted record much fewer do. */
  atMost: number
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

const enoughNoise = 48
/** Five bytes, as a dump writes them. */
const recordHeader = '17 03 03 00 26'.length

const arrow = { client: 'client -> server', server: 'server -> client' }

/** `! 0020  48 6f …  Host: …`; the header of a TLS record, which is readable, stands out. */
const dumpRows = (chunk: Chunk, { perRow, atMost }: RowOptions): Row[] => {
  const shown = chunk.bytes.subarray(0, chunk.encrypted ? Math.min(atMost, enoughNoise) : atMost)
  const rows = hexdump(shown, perRow, chunk.secrets).map(({ offset, hex, ascii, secret }, index): Row => {
    const header = chunk.encrypted && index === 0 ? recordHeader : 0
    return {
      parts: [
        { text: secret ? '! ' : '  ', as: secret ? 'secret' : undefined },
        { text: `${offset}  ` },
        { text: hex.slice(0, header), as: 'header' },
        { text: `${hex.slice(header)}  ` },
        ...ascii.map(({ text, secret: hidden }): Part => ({ text, as: hidden ? 'secret' : undefined })),
      ],
    }
  })
  const more = chunk.bytes.length - shown.length
  return more > 0
    ? [...rows, { parts: [{ text: `        and ${more} more bytes${chunk.encrypted ? ', just as unreadable' : ''}` }] }]
    : rows
}

const chunkRows = (chunk: Chunk, options: RowOptions): Row[] => [
  { prose: true, parts: [{ text: `${arrow[chunk.from]}  ` }, { text: chunk.title, as: 'title' }] },
  ...chunk.facts.map((fact): Row => ({ prose: true, parts: [{ text: `  - ${fact}`, as: 'fact' }] })),
  ...dumpRows(chunk, options),
  { parts: [] },
]

export const captureRows = (capture: Capture, options: RowOptions): Row[] =>
  capture.chunks.flatMap((chunk) => chunkRows(chunk, options))

const nowWords: Record<Tap['now'], string> = {
  plaintext: 'plaintext, readable by everybody between the two pods',
  mtls: 'mutual TLS',
  tls: 'TLS without a client certificate',
  none: "nothing leaves the caller's pod",
  unknown: 'not known',
}

/** `plaintext, readable by …`: how it travels now. */
export const nowSentence = ({ now }: Tap): string => nowWords[now]

/** What stands above the two captures. */
export const headings = (tap: Tap): { plaintext: string; mtls: string } => ({
  plaintext: `${tap.now === 'plaintext' ? 'On the wire now: plaintext' : 'The same in plaintext'}${tap.plaintext ? `, ${percent(tap.plaintext.readable)} readable` : ''}`,
  mtls: `${tap.now === 'mtls' ? 'On the wire now: mutual TLS' : 'The same under mutual TLS'}${tap.mtls ? `, ${percent(tap.mtls.readable)} readable (of random bytes: 37 %)` : ''}`,
})

/** What only the two proxies know, for below a handshake. */
export const knownToProxies = ({ mtls }: Tap): string[] =>
  mtls ? [`client certificate: ${mtls.client}`, `server certificate: ${mtls.server}`] : []
