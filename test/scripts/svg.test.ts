import xterm from '@xterm/headless'
import { expect, test } from 'vitest'
import { screenToSvg } from '../../scripts/lib/svg.ts'

const picture = (written: string): Promise<string> =>
  new Promise((resolve) => {
    const terminal = new xterm.Terminal({ cols: 12, rows: 2, allowProposedApi: true })
    terminal.write(written, () =>
      resolve(screenToSvg(terminal.buffer.active, { columns: 12, rows: 2, title: 'a & b' })),
    )
  })

test.each<[string, string, RegExp[]]>([
  ['text in its place', '\u001b[2;3Hhi', [/<text x="28\.8"|<text x="12"[^>]*> {2}hi/, /y="43\.5"/]],
  ['a colour', '\u001b[31mred', [/fill="#e06c75"[^>]*>red</]],
  ['bold', '\u001b[1mbold', [/font-weight="bold">bold</]],
  ['inverse as paper', '\u001b[7mP!', [/<rect [^>]*width="16\.8"[^>]*fill="#d7dae0"/, /fill="#16181d"[^>]*>P!</]],
  ['markup as text', '<a&b>', [/&lt;a&amp;b&gt;/]],
  ['a title for screen readers', '', [/<title>a &amp; b<\/title>/]],
])('draws %s', async (_, written, patterns) => {
  const svg = await picture(written)
  for (const pattern of patterns) expect(svg).toMatch(pattern)
})
