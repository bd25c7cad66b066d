import type { Key } from 'ink'
import { describe, expect, test } from 'vitest'
import { edited, keyOf, pressesOf } from '../../src/tui/input.ts'

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

const keysOf = (input: string, key: Key) => pressesOf(input, key)?.flatMap((one) => keyOf(one) ?? [])

describe('pressesOf', () => {
  test.each<[string, string, Partial<Key>, string[] | undefined]>([
    ['a letter', 'e', {}, ['e']],
    ['an upper-case letter', 'G', { shift: true }, ['G']],
    ['an arrow', '', { upArrow: true }, ['up']],
    ['shift-tab', '', { tab: true, shift: true }, ['shift-tab']],
    ['ctrl-c', 'c', { ctrl: true }, ['ctrl-c']],
    ['line feed', '\n', {}, ['enter']],
    ['a held-down moving key', 'jjjj', {}, ['j', 'j', 'j', 'j']],
    ['moving about, typed ahead', 'jjkjj', {}, ['j', 'j', 'k', 'j', 'j']],
    ['a command that is held down is one', 'xxxxx', {}, ['x']],
    ['a few keys typed ahead', 'v\r', {}, ['v', 'enter']],
    ['more than a few different keys are a paste', 'jexk', {}, undefined],
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
