/** From what ink says was typed to the names of keys in the keymap. */
import type { Key } from 'ink'

/** Keys that a held-down key repeats; terminals and ink hand over several of them as one string. */
const REPEATABLE = new Set([...'jkgGb '])

/** Characters in one event that a fast typist, or a slow machine, still explains. */
const TYPED_AHEAD = 3

export interface Press {
  input: string
  key: Key
}

/**
 * The single presses of one input event. Fast typing and key repeat arrive as one string: moving keys are as many presses;
 * another key that is held down is one; a few different keys were typed ahead. Any longer string is a paste in disguise
 * and gives `undefined`, so that pasted text can never be taken for commands.
 */
export const pressesOf = (input: string, key: Key): Press[] | undefined => {
  const all = [...input]
  if (all.length < 2 || key.ctrl || key.meta || specialKey(input, key)) return [{ input, key }]
  const isHeld = all.every((one) => one === all[0]) && !REPEATABLE.has(all[0]!)
  if (all.length > TYPED_AHEAD && !isHeld && !all.every((one) => REPEATABLE.has(one))) return undefined
  return (isHeld ? all.slice(0, 1) : all).map((one) => ({ input: one, key: { ...key, return: one === '\r' } }))
}

/** The name of a single press in the keymap; undefined where it has none. */
export const keyOf = ({ input, key }: Press): string | undefined =>
  specialKey(input, key) ?? (key.ctrl ? `ctrl-${input.toLowerCase()}` : key.meta || input === '' ? undefined : input)

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
