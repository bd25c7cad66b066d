/** What the wire tap captured, as lines: what is on the wire now, and what mutual TLS would leave of it. */
import type { TapView } from '../../session/types.ts'
import { captureRows, knownToProxies, nowSentence, type Part, type Row } from '../../tap/text.ts'
import type { Capture, Tap } from '../../tap/wire.ts'
import { blank, type Line, line, type Role, span, wrap, wrapText } from '../text.ts'

/** Bytes of one message that are shown: a body is rarely what one looks for. */
const atMost = 1024

/** Cells that a dump of 16 bytes a row takes: mark, offset, digits, characters. */
const wide = 2 + 6 + 16 * 3 + 2 + 16

const roles: Record<NonNullable<Part['as']>, Role> = {
  title: 'strong',
  fact: 'text',
  header: 'strong',
  secret: 'notice',
}

const rowLines = ({ parts, prose }: Row, width: number): Line[] => {
  const row = line(...parts.map(({ text, as }) => span(text, as && roles[as])))
  return prose ? wrap(row, width, 4) : [row]
}

const captureLines = (capture: Capture, width: number): Line[] =>
  captureRows(capture, { perRow: width >= wide ? 16 : 8, atMost }).flatMap((row) => rowLines(row, width))

const heading = (tap: Tap, width: number): Line[] => [
  ...wrap(line(span(`${tap.method} ${tap.url}`, 'strong')), width, 2),
  ...wrapText(`${tap.met}: ${tap.because}`, width),
  ...wrap(line('now: ', span(nowSentence(tap), tap.now === 'plaintext' ? 'changed' : 'text')), width),
  blank,
]

const percent = (capture: Capture): string => `readable ${Math.round(capture.readable * 100)} %`

export interface WireText {
  title: string
  note: string[]
  lines: Line[]
}

const untilCaptured = (view: TapView | undefined, width: number): Line[] => {
  if (view?.state === 'failed') return wrapText(`The request could not be sent: ${view.says}`, width)
  return wrapText('The request is on its way.', width)
}

/** The request as it is on the wire, or would be without mutual TLS. */
export const plaintextText = (view: TapView | undefined, width: number): WireText => {
  const pair = view ? [`${view.from} -> ${view.to}`] : []
  if (view?.state !== 'captured') return { title: 'Wire', note: pair, lines: untilCaptured(view, width) }
  const { tap } = view
  const { plaintext } = tap
  const notes = tap.notes.flatMap((note) => [...wrapText(note, width), blank])
  return {
    title: tap.now === 'plaintext' ? 'On the wire now' : 'Without mutual TLS',
    note: [...(plaintext ? [percent(plaintext)] : []), ...pair],
    lines: [...heading(tap, width), ...(plaintext ? captureLines(plaintext, width) : []), ...notes],
  }
}

/** The same bytes inside a handshake between the two identities. */
export const mtlsText = (view: TapView | undefined, width: number): WireText => {
  if (view?.state !== 'captured') return { title: 'Under mutual TLS', note: [], lines: untilCaptured(view, width) }
  const { mtls, now } = view.tap
  if (!mtls) return { title: 'Under mutual TLS', note: [], lines: wrapText('There is nothing to compare with.', width) }
  const known = knownToProxies(view.tap).flatMap((each) => wrapText(each, width, 'text', 4))
  return {
    title: now === 'mtls' ? 'On the wire now: mutual TLS' : 'The same under mutual TLS',
    note: [percent(mtls)],
    lines: [
      ...captureLines(mtls, width),
      ...wrap(line(span('Known to the two proxies only, encrypted on the wire', 'strong')), width),
      ...known,
    ],
  }
}
