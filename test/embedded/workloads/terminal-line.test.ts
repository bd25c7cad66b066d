/** Commands on a terminal, and commands whose standard input stays open: as `kubectl exec -it` and `-i` leave it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFeed } from '../../../src/embedded/node/output.ts'
import { type SmallCluster, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
beforeAll(async () => {
  cluster = smallCluster()
  cluster.run('client', { image: 'busybox', command: ['sleep', 'infinity'] })
  await cluster.ready('client')
})
afterAll(() => cluster.stop())

/** Starts a command; `typed` goes to it one after the other, each once the output so far matches its pattern. */
const terminal = async (argv: string[], typed: [after: RegExp, keys: string][], tty = true) => {
  const stdin = createFeed()
  const waiting = [...typed]
  let screen = ''
  const type = (): void => {
    while (waiting[0]?.[0].test(screen)) stdin.push(new TextEncoder().encode(waiting.shift()![1]))
  }
  const show = (chunk: Uint8Array): void => {
    screen += Buffer.from(chunk).toString()
    type()
  }
  type()
  const { exitCode } = await cluster.kubelet.exec({ namespace: 'shop', pod: 'client' }, argv, {
    stdin,
    stdout: show,
    stderr: show,
    tty,
  })
  return { exitCode, screen }
}

test.each<[string[], string]>([
  [['ls', '/etc'], 'hosts'],
  [['date', '+at %Y'], 'at 2'],
  [['sh', '-c', 'ls /etc; echo end'], 'end'],
  [['head', '-n', '1', '/etc/hosts'], '#'],
])('%j ends although its standard input does not', async (argv, contains) => {
  for (const tty of [true, false]) {
    const { exitCode, screen } = await terminal(argv, [], tty)
    expect([exitCode, screen]).toEqual([0, expect.stringContaining(contains)])
  }
})

test.each([
  // k9s's own command (derailed/k9s internal/view/exec.go, shellCheck).
  ['command -v bash >/dev/null && exec bash || exec sh', 'in /tmp'],
  ['bash || sh', 'in /tmp'],
  ['cd /etc; exec /bin/sh -l', 'in /etc'],
  ['exit 3; exec sh', undefined],
])('a script that ends in a shell opens one: %s', async (script, says) => {
  const typed: [RegExp, string][] = [
    [/[$#] /, script.startsWith('cd') ? 'echo in $PWD\r' : 'cd /tmp; echo in $PWD\r'],
    [/\nin \S+\r\n/, 'exit 4\r'],
  ]
  const { exitCode, screen } = await terminal(['sh', '-c', script], typed)
  if (says) expect(screen).toContain(`\r\n${says}\r\n`)
  expect(exitCode).toBe(says ? 4 : 3)
})

test('a filter gets what is typed line by line, until Ctrl-D', async () => {
  expect(
    await terminal(
      ['cat'],
      [
        [/^$/, 'one\r'],
        [/one\r\none/, 'twp\x7fo\r'],
        [/o\r\ntwo/, '\x04'],
      ],
    ),
  ).toEqual({
    exitCode: 0,
    screen: 'one\r\none\r\ntwp\b \bo\r\ntwo\r\n',
  })
})

test('a command of the shell reads the terminal until Ctrl-D', async () => {
  const { screen } = await terminal(['sort'], [[/^$/, 'b\ra\r\x04']])
  expect(screen).toBe('b\r\na\r\na\r\nb\r\n')
})

test.each([[['sleep', '1d']], [['sh', '-c', 'echo on; while true; do sleep 1d; done']]])(
  'Ctrl-C ends %j',
  async (argv) => {
    const { exitCode, screen } = await terminal(argv, [[argv[0] === 'sh' ? /on/ : /^$/, '\x03']])
    expect([exitCode, screen.endsWith('^C')]).toEqual([130, true])
  },
)

test('a shell edits lines itself', async () => {
  const { screen } = await terminal(
    ['sh'],
    [
      [/# /, 'echo a\x1b[Db\r'],
      [/ba\r\n/, 'exit\r'],
    ],
  )
  expect(screen).toContain('ba\r\n')
})
