/** What is started, as values: nothing is started here. */
import { describe, expect, test } from 'vitest'
import { chooseEditor, planEdit } from '../../src/shell/editor.ts'
import { formatCommand } from '../../src/shell/run.ts'
import { multiplexer, planSplit } from '../../src/shell/split.ts'
import { planSubshell } from '../../src/shell/subshell.ts'
import { splitWords } from '../../src/shell/words.ts'

describe('splitWords', () => {
  test.each([
    ['vim', ['vim']],
    ['  code   --wait ', ['code', '--wait']],
    ['"my editor" -x', ['my editor', '-x']],
    ['\'it is\' "a \\"b\\""', ['it is', 'a "b"']],
    ['a\\ b', ['a b']],
    ['""', ['']],
    ["'unclosed x", ['unclosed x']],
    ['$HOME/bin/ed', ['$HOME/bin/ed']],
    ['', []],
  ])('%s', (text, words) => expect(splitWords(text)).toEqual(words))
})

describe('chooseEditor', () => {
  const has =
    (...programs: string[]) =>
    (program: string) =>
      programs.includes(program)
  test.each([
    ['VISUAL first', { VISUAL: 'emacs -nw', EDITOR: 'vi' }, has(), { argv: ['emacs', '-nw'], graphical: false }],
    ['then EDITOR', { EDITOR: 'vi' }, has(), { argv: ['vi'], graphical: false }],
    ['an empty VISUAL does not count', { VISUAL: ' ', EDITOR: 'vi' }, has(), { argv: ['vi'], graphical: false }],
    ['then nano', {}, has('vi', 'nano'), { argv: ['nano'], graphical: false }],
    ['then vim', {}, has('vi', 'vim'), { argv: ['vim'], graphical: false }],
    [
      'a window of its own',
      { EDITOR: '/usr/bin/code --wait' },
      has(),
      { argv: ['/usr/bin/code', '--wait'], graphical: true },
    ],
    ['none', {}, has(), undefined],
  ])('%s', (_, env, exists, editor) => expect(chooseEditor(env, exists)).toEqual(editor))
})

describe('planEdit', () => {
  const vi = { argv: ['vi'] as [string], graphical: false }
  test.each([
    ['here', vi, {}, 'here', 'vi /w/a.yaml'],
    ['beside, in tmux', vi, { TMUX: '/tmp/t,1,0' }, 'pane', 'tmux split-window -h -- vi /w/a.yaml'],
    ['beside, in Zellij', vi, { ZELLIJ: '0' }, 'pane', 'zellij run --close-on-exit -- vi /w/a.yaml'],
    [
      'a window, even in tmux',
      { argv: ['code'] as [string], graphical: true },
      { TMUX: 'x' },
      'window',
      'code /w/a.yaml',
    ],
  ])('%s', (_, editor, env, where, line) => {
    const plan = planEdit(editor, '/w/a.yaml', env)
    expect([plan.where, formatCommand(plan.command)]).toEqual([where, line])
  })
})

describe('planSubshell', () => {
  test.each([
    ['/bin/bash', '/bin/bash --rcfile /f/bashrc -i', ['bashrc']],
    ['/usr/bin/zsh', '/usr/bin/zsh -i', ['.zshrc']],
    ['/bin/sh', '/bin/sh -i', []],
  ])('%s', (shell, line, files) => {
    const plan = planSubshell({ SHELL: shell, NO_PROXY: 'a.b' }, '/k/config', 'istio-strict-mtls', '/f')
    expect(formatCommand(plan.command)).toBe(line)
    expect(plan.files.map(({ name }) => name)).toEqual(files)
    expect(plan.command.env).toMatchObject({
      KUBECONFIG: '/k/config',
      MESHDOJO_LAB: 'istio-strict-mtls',
      NO_PROXY: 'a.b,127.0.0.1,localhost',
    })
  })
})

test('the shell has the program and the tools of meshes, behind what is there already', () => {
  const { command, files } = planSubshell({ SHELL: '/bin/bash', PATH: '/usr/bin' }, '/k', 'x', '/f', ['/n', "/it's.js"])
  expect(command.env?.PATH).toBe('/usr/bin:/f/bin')
  const scripts = [
    ['meshdojo', ''],
    ['istioctl', ' tool istioctl'],
    ['linkerd', ' tool linkerd'],
  ].map(([name, words]) => ({
    name: `bin/${name}`,
    content: `#!/bin/sh\nexec '/n' '/it'\\''s.js'${words} "$@"\n`,
    executable: true,
  }))
  expect(files.filter(({ name }) => name.startsWith('bin/'))).toEqual(scripts)
  expect(files.find(({ name }) => name === 'bashrc')?.content).toContain('/f/bin')
})

test('formatCommand quotes what a shell would take apart', () => {
  expect(formatCommand({ run: ['echo', "it's", 'a b', '--x=1'], says: '' })).toBe("echo 'it'\\''s' 'a b' --x=1")
})

describe('a pane for the shell', () => {
  const command = { run: ['bash', '-i'] as [string, ...string[]], says: 'Shell', env: { KUBECONFIG: '/k' } }
  test.each([
    ['tmux', { TMUX: 'x' }, 'tmux split-window -h -- env KUBECONFIG=/k sh -c "$@"; rm -rf "$0" /f bash -i'],
    ['zellij', { ZELLIJ: '0' }, 'zellij run --close-on-exit -- env KUBECONFIG=/k sh -c "$@"; rm -rf "$0" /f bash -i'],
  ])('in %s', (_, env, line) => {
    expect(planSplit(env, command, '/f').run.join(' ')).toBe(line)
  })

  test('nowhere else', () => {
    expect(multiplexer({ TMUX: '' })).toBeUndefined()
  })
})
