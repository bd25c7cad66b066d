/** A report as data, and the two ways in which it is written down: Markdown, and HTML that prints well. */

export type Block =
  | { kind: 'heading'; level: 1 | 2 | 3; text: string }
  | { kind: 'text'; text: string }
  | { kind: 'items'; items: string[] }
  | { kind: 'table'; head: string[]; rows: string[][] }

export const heading = (level: 1 | 2 | 3, text: string): Block => ({ kind: 'heading', level, text })
export const text = (...sentences: string[]): Block => ({ kind: 'text', text: sentences.join(' ') })
export const items = (list: string[]): Block[] => (list.length ? [{ kind: 'items', items: list }] : [])
export const table = (head: string[], rows: string[][]): Block[] => (rows.length ? [{ kind: 'table', head, rows }] : [])

/** One line without control characters: a report's texts come from clusters, and a terminal would obey them. */
const oneLine = (words: string): string => words.replace(/[\s\p{Cc}]+/gu, ' ').trim()

/** What Markdown would take for a sign, inside a line or at its start; a report's texts have none. */
const plain = (words: string): string =>
  oneLine(words)
    .replace(/[\\`*_~[\]<>|&]/g, (sign) => `\\${sign}`)
    .replace(/^(#{1,6}|[-+=])(?=\s|$)|^(?=-{3})/, (sign) => `\\${sign}`)
    .replace(/^(\d+)([.)])(?=\s|$)/, '$1\\$2')

const markdownOf = (block: Block): string => {
  switch (block.kind) {
    case 'heading':
      return `${'#'.repeat(block.level)} ${plain(block.text)}`
    case 'text':
      return plain(block.text)
    case 'items':
      return block.items.map((item) => `- ${plain(item)}`).join('\n')
    case 'table': {
      const draw = (cells: string[]): string => `| ${cells.map(plain).join(' | ')} |`
      const rule = `| ${block.head.map(() => '---').join(' | ')} |`
      return [draw(block.head), rule, ...block.rows.map(draw)].join('\n')
    }
  }
}

/** A Markdown file of the blocks; nothing in their texts is taken for Markdown. */
export const toMarkdown = (blocks: readonly Block[]): string => `${blocks.map(markdownOf).join('\n\n')}\n`

const signs: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (words: string): string => oneLine(words).replace(/[&<>"]/g, (sign) => signs[sign]!)

const htmlOf = (block: Block): string => {
  switch (block.kind) {
    case 'heading':
      return `<h${block.level}>${escaped(block.text)}</h${block.level}>`
    case 'text':
      return `<p>${escaped(block.text)}</p>`
    case 'items':
      return `<ul>\n${block.items.map((item) => `<li>${escaped(item)}</li>`).join('\n')}\n</ul>`
    case 'table': {
      const row = (cells: string[], tag: 'th' | 'td'): string =>
        `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`
      const rows = block.rows.map((cells) => row(cells, 'td')).join('\n')
      return `<table>\n<thead>${row(block.head, 'th')}</thead>\n<tbody>\n${rows}\n</tbody>\n</table>`
    }
  }
}

const style = `body{font:11pt/1.45 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}h3{font-size:1rem;margin-top:1.4rem}
table{border-collapse:collapse;width:100%;margin:.6rem 0}th,td{border:1px solid #999;padding:.25rem .5rem;text-align:left;vertical-align:top}
tr,li{break-inside:avoid}h2,h3{break-after:avoid}@page{margin:18mm}`

/** One file that needs nothing else: no script, no picture, nothing from the network. */
export const toHtml = (blocks: readonly Block[]): string => {
  const title = blocks.find((block) => block.kind === 'heading')?.text ?? 'Report'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
${style}
</style>
</head>
<body>
${blocks.map(htmlOf).join('\n')}
</body>
</html>
`
}
