/** From what ink says was typed to the names of keys in the keymap. */
import type { Key } from 'ink'

/** Keys that a held-down key repeats; terminals and ink hand over several of them as one string. */
const REPEATABLE = new Set([...'jkgGb '])

/**
 * Key names for one input event. Fast typing and key repeat arrive as one string: the same moving key several times is
 * several presses; any other string of several characters is a paste in disguise and gives `undefined`, so that
 * pasted text can never be taken for commands.
 */
export const keysOf = (input: string, key: Key): string[] | undefined => {
  const special = specialKey(input, key)
  if (special) return [special]
  if (key.ctrl) return [`ctrl-${input.toLowerCase()}`]
  if (key.meta || input === '') return []
  if (input.length === 1) return [input]
  const all = [...input]
  return REPEATABLE.has(all[0]!) && all.every((one) => one === all[0]) ? all : undefined
}

const specialKey = (input: string, key: Key): string | undefined => {
  if (key.upArrow) return 'up'
  if (key.downArrow) return 'down'
  if (key.leftArrow) return 'left'
  if (key.rightArrow) return 'right'
  if (key.pageUp) return 'pageup'
  if (key.pageDown) return 'pagedown'
  if (key.home) return 'home'
  if (key.end) return 'end'
  if (key.return || input === '\n') return 'enter'
  if (key.escape) return 'esc'
  if (key.tab) return key.shift ? 'shift-tab' : 'tab'
  return key.backspace || key.delete ? 'backspace' : undefined
}

/** What a text field holds after a key; `undefined` when the key is not the field's. */
export const edited = (text: string, input: string, key: Key): string | undefined => {
  if (key.backspace || key.delete) return text.slice(0, -1)
  if (key.ctrl && input === 'u') return ''
  if (key.ctrl && input === 'w') return text.replace(/\S*\s*$/, '')
  if (key.ctrl || key.meta || specialKey(input, key)) return undefined
  const printable = input.replace(/[^ -~]/g, '')
  return printable === '' ? undefined : text + printable
}
