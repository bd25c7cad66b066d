import type { Key } from 'ink'
import { describe, expect, test } from 'vitest'
import { edited, keysOf } from '../../src/tui/input.ts'

const none: Key = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
  super: false,
  hyper: false,
  capsLock: false,
  numLock: false,
}

describe('keysOf', () => {
  test.each<[string, string, Partial<Key>, string[] | undefined]>([
    ['a letter', 'e', {}, ['e']],
    ['an upper-case letter', 'G', { shift: true }, ['G']],
    ['an arrow', '', { upArrow: true }, ['up']],
    ['shift-tab', '', { tab: true, shift: true }, ['shift-tab']],
    ['ctrl-c', 'c', { ctrl: true }, ['ctrl-c']],
    ['line feed', '\n', {}, ['enter']],
    ['a held-down moving key', 'jjjj', {}, ['j', 'j', 'j', 'j']],
    ['a command typed twice is no command', 'xx', {}, undefined],
    ['different keys at once are a paste', 'jk', {}, undefined],
    ['a pasted manifest', 'kind: Pod', {}, undefined],
    ['alt', 'e', { meta: true }, []],
    ['a function key', '', {}, []],
  ])('%s', (_, input, key, expected) => {
    expect(keysOf(input, { ...none, ...key })).toEqual(expected)
  })
})

describe('edited', () => {
  test.each<[string, string, Partial<Key>, string | undefined]>([
    ['a letter', 'x', {}, 'deny allx'],
    ['several at once', 'xyz', {}, 'deny allxyz'],
    ['backspace', '', { backspace: true }, 'deny al'],
    ['ctrl-u', 'u', { ctrl: true }, ''],
    ['ctrl-w', 'w', { ctrl: true }, 'deny '],
    ['enter is not text', '\r', { return: true }, undefined],
    ['arrows are not text', '', { downArrow: true }, undefined],
  ])('%s', (_, input, key, expected) => {
    expect(edited('deny all', input, { ...none, ...key })).toBe(expected)
  })
})
