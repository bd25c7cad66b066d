/**
 * The Markdown that lab texts use, as lines: paragraphs, headings, lists, tables, quotes, code, `code`, **bold** and *emphasis*.
 *
 * Not modelled: links, images and nested lists deeper than their indentation; they show as written.
 */
import { blank, type Line, line, type Role, type Span, span, wrap } from '../text.ts'
import { tableLines } from './markdown-table.ts'

const INLINE = /(`[^`]+`|\*\*(?:`[^`]+`|[^*`])+\*\*|(?<![\w/*])\*(?![*\s])(?:`[^`]+`|[^*`])*(?<!\s)\*(?![\w*]))/

/** `code`, **bold** and *emphasis* inside a text; `code` also inside the others. */
export const inline = (text: string, role: Role = 'text'): Span[] =>
  text
    .split(INLINE)
    .filter((part) => part !== '')
    .flatMap((part) => {
      if (part.length > 2 && part.startsWith('`') && part.endsWith('`')) return [span(part.slice(1, -1), 'code')]
      if (part.length > 4 && part.startsWith('**') && part.endsWith('**')) return inline(part.slice(2, -2), 'strong')
      if (part.length > 2 && /^\*[^*].*\*$/s.test(part)) return inline(part.slice(1, -1), 'strong')
      return [span(part, role)]
    })

type Block =
  | { kind: 'paragraph' | 'heading' | 'code' | 'blank'; text: string }
  | { kind: 'table' | 'quote'; rows: string[] }
  | { kind: 'item'; text: string; mark: string; depth: number }

const QUOTE = /^\s*> ?/
const ITEM = /^(\s*)([-*]|\d+[.)])\s+(.*)$/

/** Lines of Markdown grouped into blocks; a paragraph's and an item's lines are joined. */
const blocksOf = (markdown: string): Block[] => {
  const blocks: Block[] = []
  let fenced = false
  for (const raw of markdown.replace(/\s+$/, '').split('\n')) {
    const last = blocks.at(-1)
    const item = ITEM.exec(raw)
    if (/^\s*```/.test(raw)) fenced = !fenced
    else if (fenced) blocks.push({ kind: 'code', text: raw })
    else if (/^\s*\|/.test(raw)) {
      if (last?.kind === 'table') last.rows.push(raw)
      else blocks.push({ kind: 'table', rows: [raw] })
    } else if (QUOTE.test(raw)) {
      const row = raw.replace(QUOTE, '')
      if (last?.kind === 'quote') last.rows.push(row)
      else blocks.push({ kind: 'quote', rows: [row] })
    } else if (raw.trim() === '') blocks.push({ kind: 'blank', text: '' })
    else if (item)
      blocks.push({ kind: 'item', depth: item[1]!.length, mark: /\d/.test(item[2]!) ? item[2]! : '-', text: item[3]! })
    else if (/^#+\s/.test(raw)) blocks.push({ kind: 'heading', text: raw.replace(/^#+\s+/, '') })
    else if (/^ {4}/.test(raw) && last?.kind !== 'paragraph' && last?.kind !== 'item')
      blocks.push({ kind: 'code', text: raw.slice(4) })
    else if (last?.kind === 'paragraph' || last?.kind === 'item') last.text += ` ${raw.trim()}`
    else blocks.push({ kind: 'paragraph', text: raw.trim() })
  }
  return blocks
}

/** Code keeps its columns; a line that is too wide goes on below, further in. */
const codeLines = (text: string, width: number): Line[] => wrap(line('  ', span(text, 'code')), width, 6)

const blockLines = (block: Block, width: number): Line[] => {
  switch (block.kind) {
    case 'blank':
      return [blank]
    case 'code':
      return codeLines(block.text, width)
    case 'heading':
      return wrap(line(...inline(block.text, 'strong')), width)
    case 'paragraph':
      return wrap(line(...inline(block.text)), width)
    case 'table':
      return tableLines(block.rows, width, inline)
    case 'quote':
      return markdown(block.rows.join('\n'), width - 2).map((row) => line(span('| ', 'muted'), ...row))
    case 'item': {
      const indent = Math.min(block.depth, 6)
      const lead = `${' '.repeat(indent)}${block.mark} `
      return wrap(line(lead, ...inline(block.text)), width, lead.length)
    }
  }
}

/** Markdown wrapped to `width` cells. */
export const markdown = (text: string, width: number): Line[] => {
  const rows = blocksOf(text).flatMap((block) => blockLines(block, width))
  return rows.filter((row, index) => row.length > 0 || (index > 0 && rows[index - 1]!.length > 0))
}
