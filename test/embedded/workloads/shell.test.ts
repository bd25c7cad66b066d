/** Shell scripts that run things side by side, as load loops do. Whether they do is seen by what waits for what. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ManualClock, manualClock } from '../manual-clock.ts'
import { type SmallCluster, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
let clock: ManualClock
beforeAll(async () => {
  clock = manualClock()
  cluster = smallCluster({ clock })
  cluster.run('client', { image: 'busybox', command: ['sleep', 'infinity'] })
  await cluster.ready('client')
  // The shell is loaded on first use.
  await cluster.exec('client', ['sh', '-c', 'true'])
})
afterAll(() => cluster.stop())

/** Runs a script while the cluster's clock goes on second by second; with how many seconds it took. */
const timed = async (script: string) => {
  const began = clock.now()
  let isDone = false
  const running = cluster.exec('client', ['sh', '-c', script]).finally(() => {
    isDone = true
  })
  while (!isDone) {
    for (let turn = 0; turn < 50 && !isDone; turn++) await new Promise((resolve) => setImmediate(resolve))
    if (!isDone) clock.advance(1000)
  }
  const { exitCode, stdout } = await running
  return { exitCode, stdout, seconds: (clock.now() - began) / 1000 }
}

describe('side by side', () => {
  test.each<[string, string, number]>([
    ['sleep 3 & sleep 3 & wait; echo done', 'done\n', 3],
    ['for i in 1 2 3; do sleep 2 & done; wait; echo done', 'done\n', 2],
    ['(sleep 2; echo later) & echo now; wait', 'now\nlater\n', 2],
    ['sleep 1; sleep 1; echo one after the other', 'one after the other\n', 2],
    ['seq 4 | xargs -P 2 -I{} sh -c "sleep 1; echo {}"', '1\n2\n3\n4\n', 2],
    ['seq 3 | xargs -P 3 -n 1 sleep', '', 3],
  ])('%s', async (script, stdout, seconds) => {
    expect(await timed(script)).toEqual({ exitCode: 0, stdout, seconds })
  })
})

describe('xargs', () => {
  test.each<[string, number, string]>([
    ['echo a b c | xargs', 0, 'a b c\n'],
    ['printf "a b\\nc\\n" | xargs -n 2 echo x', 0, 'x a b\nx c\n'],
    ['printf "a b\\nc\\n" | xargs -I % echo "<%>"', 0, '<a b>\n<c>\n'],
    ["printf 'a\\0b c\\0' | xargs -0 -n1 echo", 0, 'a\nb c\n'],
    ['true | xargs -r echo never', 0, ''],
    ['echo "\'one word\' two" | xargs -n1 echo', 0, 'one word\ntwo\n'],
    // GNU xargs: 123 when a command fails, 127 when there is none.
    ['seq 2 | xargs -n1 false', 123, ''],
    ['seq 2 | xargs -n1 nosuch', 127, ''],
  ])('%s', async (script, exitCode, stdout) => {
    expect(await timed(script)).toMatchObject({ exitCode, stdout })
  })
})

describe('the system', () => {
  test.each<[string, number, string]>([
    ['which curl wget sh', 0, '/usr/bin/curl\n/usr/bin/wget\n/usr/bin/sh\n'],
    ['which fortio', 1, ''],
    ['uname', 0, 'Linux\n'],
    ['uname -nm', 0, 'client x86_64\n'],
    ['tty', 1, 'not a tty\n'],
    // sleep as process 1 has no handler: the kernel drops the signal.
    ['kill 1; kill -9 1; echo alive', 0, 'alive\n'],
  ])('%s', async (script, exitCode, stdout) => {
    expect(await timed(script)).toMatchObject({ exitCode, stdout })
  })

  test('a server that is told to stop is started again', async () => {
    cluster.run('server', { image: 'nginx' })
    await cluster.ready('server')
    await cluster.exec('server', ['kill', '1'])
    clock.advance(1)
    const pod = await cluster.until('server', (each) => each?.status?.containerStatuses?.[0]?.restartCount === 1)
    expect(pod?.status?.containerStatuses?.[0]?.lastState).toMatchObject({
      terminated: { exitCode: 0, reason: 'Completed' },
    })
  })
})
