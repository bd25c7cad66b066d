/**
 * How roles look. Only the 16 ANSI colours and only the foreground, so the terminal's own scheme stays readable. Every
 * meaning is carried by words, letters or marks first, then by bold and inverse, and by colour last: the mono theme
 * drops nothing but colour. Green never means "allowed", red never "denied": here a denial is often the right answer.
 */
import type { Line, Role } from './text.ts'

export interface Box {
  topLeft: string
  topRight: string
  bottomLeft: string
  bottomRight: string
  across: string
  down: string
}

export interface Theme {
  /** SGR parameters per role; an empty text draws the role as ordinary text. */
  styles: Record<Role, string>
  /** Borders of a pane, and of the pane that has the keys. */
  box: Box
  focusedBox: Box
  ellipsis: string
  /** Only ASCII may be drawn. */
  ascii: boolean
}

const mono: Record<Role, string> = {
  text: '',
  strong: '1',
  muted: '',
  focus: '1',
  key: '1',
  code: '1',
  ok: '',
  fail: '1',
  wrong: '1;7',
  changed: '1',
  selected: '1',
  notice: '7',
  mtls: '',
  tls: '',
  plaintext: '',
  stopped: '',
}

const colour: Record<Role, string> = {
  ...mono,
  muted: '90',
  focus: '1;36',
  key: '1;36',
  code: '36',
  ok: '32',
  fail: '1;31',
  wrong: '1;7;31',
  mtls: '32',
  tls: '36',
  plaintext: '33',
  stopped: '36',
}

/** On white, the terminal's cyan and yellow can hardly be read. */
const light: Record<Role, string> = {
  ...colour,
  focus: '1;34',
  key: '1;34',
  code: '34',
  tls: '34',
  plaintext: '35',
  stopped: '34',
}

const asciiBox = (across: string): Box => ({
  topLeft: '+',
  topRight: '+',
  bottomLeft: '+',
  bottomRight: '+',
  across,
  down: '|',
})
const box = ([topLeft, topRight, bottomLeft, bottomRight, across, down]: string[]): Box => ({
  topLeft: topLeft!,
  topRight: topRight!,
  bottomLeft: bottomLeft!,
  bottomRight: bottomRight!,
  across: across!,
  down: down!,
})

export interface ThemeOptions {
  colour: boolean
  ascii: boolean
  /** The terminal's background is light. */
  light: boolean
}

export const makeTheme = ({ colour: coloured, ascii, light: isLight }: ThemeOptions): Theme => ({
  styles: coloured ? (isLight ? light : colour) : mono,
  box: ascii ? asciiBox('-') : box([...'┌┐└┘─│']),
  focusedBox: ascii ? asciiBox('=') : box([...'╔╗╚╝═║']),
  ellipsis: ascii ? '...' : '…',
  ascii,
})

/**
 * The environment's wishes: `NO_COLOR`, a `TERM` without colour, a locale that is not UTF-8, and the background as
 * `COLORFGBG` tells it (rxvt, konsole and others set it, `0;15` for black on white) or `MESHDOJO_BACKGROUND=light`.
 */
export const themeOptions = (env: Record<string, string | undefined>): ThemeOptions => {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  const charset = env.MESHDOJO_CHARSET
  const background = env.MESHDOJO_BACKGROUND
  return {
    colour: !env.NO_COLOR && env.TERM !== 'dumb' && env.TERM !== 'vt100',
    light: background ? background === 'light' : /;(7|15)$/.test(env.COLORFGBG ?? ''),
    ascii: charset ? charset === 'ascii' : !/utf-?8/i.test(locale),
  }
}

/** The line as one string with its escape codes. Colouring a row once is several times cheaper than nesting spans. */
export const paint = (row: Line, theme: Theme): string =>
  row
    .map(({ text, role }) => (theme.styles[role] === '' ? text : `\u001b[${theme.styles[role]}m${text}\u001b[0m`))
    .join('')
