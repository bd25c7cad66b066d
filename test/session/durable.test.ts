import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createProgressStore, lastUnfinished, newKept } from '../../src/session/progress.ts'
import { startOwned } from '../../src/shell/child.ts'

const freshFolder = () => mkdtempSync(join(tmpdir(), 'progress-'))
const started = (step: number, savedAt = 0) => {
  const kept = newKept()
  return { ...kept, savedAt, progress: { ...kept.progress, state: 'started' as const, step } }
}

describe('progress', () => {
  test('is what was saved', () => {
    const folder = freshFolder()
    createProgressStore(folder).save('a', started(2))
    expect(createProgressStore(folder).load('a')).toEqual({ kept: started(2) })
    expect(createProgressStore(folder).load('b')).toEqual({ kept: newKept() })
  })

  test.each([
    ['half a file', '{"version":1,"progr'],
    ['another shape', '{"version":1,"progress":{"state":"odd"}}'],
    ['a later version', '{"version":99}'],
    ['nothing', ''],
  ])('%s is kept aside and said', (_, text) => {
    const folder = freshFolder()
    const store = createProgressStore(folder)
    store.save('a', started(1))
    const path = join(folder, 'progress', 'a.json')
    writeFileSync(path, text)
    const { kept, notice } = store.load('a')
    expect(kept).toEqual(newKept())
    expect(notice).toContain('a.json.unreadable-1')
    expect(readFileSync(`${path}.unreadable-1`, 'utf8')).toBe(text)
    store.save('a', started(3))
    expect(store.all().progress.get('a')).toEqual(started(3))
  })

  test('the last worked on and unfinished one is resumed', () => {
    const done = { ...newKept(), savedAt: 9, progress: { ...newKept().progress, state: 'done' as const } }
    const all = new Map([
      ['old', started(0, 1)],
      ['recent', { ...started(0, 5), open: true }],
      ['done', done],
      ['new', newKept()],
    ])
    expect(lastUnfinished(all)).toEqual({ scenario: 'recent', open: true })
    expect(lastUnfinished(new Map([['done', done]]))).toBeUndefined()
  })
})

/** Saves steps 0, 1, 2, … as fast as it can and prints each once it is safe. */
const saver = (folder: string) => `
  const { createProgressStore, newKept } = await import(${JSON.stringify(new URL('../../src/session/progress.ts', import.meta.url).href)})
  const store = createProgressStore(${JSON.stringify(folder)})
  for (let step = 0; ; step++) {
    const kept = newKept()
    store.save('a', { ...kept, progress: { ...kept.progress, step, passed: Array(2000).fill('x') } })
    process.stdout.write(step + '\\n')
    await new Promise((next) => setImmediate(next))
  }`

test.each([20, 57, 93])(
  'after kill -9 in the middle of saving (round %i), nothing that was told is lost',
  async (enough) => {
    const folder = freshFolder()
    const child = await startOwned({
      run: [process.execPath, '--input-type=module', '-e', saver(folder)],
      says: 'Save',
    })
    const told = Number((await child.line(new RegExp(`^(${enough})$`)))[1])
    process.kill(child.pid, 'SIGKILL')
    await child.ended
    const { kept, notice } = createProgressStore(folder).load('a')
    expect(notice).toBeUndefined()
    expect(kept.progress.step).toBeGreaterThanOrEqual(told)
    expect(kept.progress.passed).toHaveLength(2000)
  },
)

test('two programs saving at once leave a whole file', async () => {
  const folder = freshFolder()
  const both = await Promise.all(
    [1, 2].map(() => startOwned({ run: [process.execPath, '--input-type=module', '-e', saver(folder)], says: 'Save' })),
  )
  await Promise.all(both.map((child) => child.line(/^100$/)))
  for (const child of both) process.kill(child.pid, 'SIGKILL')
  await Promise.all(both.map((child) => child.ended))
  const { kept, notice } = createProgressStore(folder).load('a')
  expect(notice).toBeUndefined()
  expect(kept.progress.passed).toHaveLength(2000)
  createProgressStore(folder).all()
  expect(readdirSync(join(folder, 'progress'))).toEqual(['a.json'])
})

/** A folder for progress in which nothing can be written: a file stands where the folder should be. */
const blocked = () => {
  const folder = freshFolder()
  const wall = join(folder, 'progress')
  writeFileSync(wall, '')
  return { folder, free: () => rmSync(wall) }
}

describe('what the file system refuses', () => {
  test('is said, held, and written once it can be', () => {
    const { folder, free } = blocked()
    const store = createProgressStore(folder)
    expect(store.save('a', started(1))).toMatch(/not saved yet \(E.*progress/)
    expect(store.load('a')).toEqual({ kept: started(1) })
    expect(store.all().progress.get('a')).toEqual(started(1))
    expect(store.save('b', started(2))).toBeDefined()
    expect(store.retry()).toBeDefined()
    free()
    expect(store.retry()).toBeUndefined()
    expect([...createProgressStore(folder).all().progress.keys()]).toEqual(['a', 'b'])
    expect(createProgressStore(folder).load('a')).toEqual({ kept: started(1) })
  })

  test('a folder in the place of a file is kept aside', () => {
    const folder = freshFolder()
    mkdirSync(join(folder, 'progress', 'a.json'), { recursive: true })
    const store = createProgressStore(folder)
    expect(store.load('a').notice).toContain('a.json.unreadable-1')
    expect(store.save('a', started(1))).toBeUndefined()
  })

  test('no half-written draft is left', () => {
    const folder = freshFolder()
    mkdirSync(join(folder, 'progress', 'a.json', 'in the way'), { recursive: true })
    expect(createProgressStore(folder).save('a', started(1))).toBeDefined()
    expect(readdirSync(join(folder, 'progress'))).toEqual(['a.json'])
  })
})
