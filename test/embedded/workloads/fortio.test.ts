/** The load generator: how much it asks, side by side, and the lines that labs read. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { histogramText } from '../../../src/embedded/workloads/commands/fortio/histogram.ts'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
beforeAll(async () => {
  cluster = smallCluster()
  cluster.run('load', { image: 'fortio/fortio:latest_release' })
  cluster.run('plain', { image: 'busybox', command: ['sleep', 'infinity'] })
  cluster.run('web', { image: 'fortio/fortio' })
  cluster.add(
    service('web', { clusterIP: '10.96.0.30', selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] }),
  )
  await cluster.ready('load', 'web', 'plain')
})
afterAll(() => cluster.stop())

const fortio = (...args: string[]) => cluster.exec('load', ['/usr/bin/fortio', ...args])

describe('fortio load', () => {
  test('asks exactly so often and counts the answers', async () => {
    const { exitCode, stdout, stderr } = await fortio(
      'load',
      '-c',
      '2',
      '-qps',
      '0',
      '-n',
      '20',
      '-loglevel',
      'Warning',
      'http://web/',
    )
    expect(exitCode).toBe(0)
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^Fortio \S+ running at 0 queries per second, 8->8 procs, for 20 calls: http:\/\/web\/$/)
    expect(lines[1]).toBe('Starting at max qps with 2 thread(s) [gomax 8] for exactly 20 calls (10 per thread + 0)')
    expect(lines[2]).toMatch(/^Ended after [\d.]+m?s : 20 calls\. qps=[\d.]+$/)
    expect(lines[3]).toMatch(
      /^Aggregated Function Time : count 20 avg [\d.e-]+ \+\/- [\d.e-]+ min [\d.e-]+ max [\d.e-]+ sum [\d.e-]+$/,
    )
    expect(lines).toContain('Sockets used: 2 (for perfect keepalive, would be 2)')
    expect(lines).toContain('Code 200 : 20 (100.0 %)')
    expect(lines.at(-2)).toMatch(/^All done 20 calls \(plus 0 warmup\) [\d.]+ ms avg, [\d.]+ qps$/)
    expect(stderr).toContain('Log level is now 3 Warning (was 2 Info)')
  })

  test('failures are logged, counted, and cost a socket each', async () => {
    const { stdout, stderr } = await fortio('load', '-c', '1', '-qps', '0', '-n', '4', 'http://web/?status=503')
    expect(stdout).toContain('\nSockets used: 4 (for perfect keepalive, would be 1)\n')
    expect(stdout).toContain('\nCode 503 : 4 (100.0 %)\n')
    expect(stderr.match(/"msg":"Non ok http code","code":503/g)).toHaveLength(4)
    expect(
      (await fortio('load', '-quiet', '-qps', '0', '-n', '1', '-timeout', '100ms', 'http://web:81/')).stdout,
    ).toMatch(/\nCode {2}-1 : 1 \(100\.0 %\)\n/)
  })

  test.each<[string[], number, RegExp]>([
    [['load', '-n', 'many', 'http://web/'], 2, /^invalid value "many" for flag -n: parse error\n/],
    [['load', '--nonsense', '1', 'http://web/'], 2, /^flag provided but not defined: -nonsense\n/],
    [['load', '-c', '1'], 1, /^Error: fortio load needs a url/],
    [['fly'], 1, /^Error: unknown command fly\n/],
  ])('%j is refused', async (args, exitCode, stderr) => {
    expect(await fortio(...args)).toMatchObject({ exitCode, stderr: expect.stringMatching(stderr) })
  })

  test('only its own image has it, scripts included', async () => {
    await expect(cluster.exec('plain', ['fortio', 'version'])).rejects.toThrow('executable file not found')
    expect((await cluster.exec('load', ['sh', '-c', 'fortio version | wc -l'])).stdout.trim()).toBe('1')
  })

  test('fortio curl shows head and body', async () => {
    const { exitCode, stdout } = await fortio('curl', '-payload', 'hello', 'http://web/')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nhello$/)
  })
})

test('the histogram: ranges, shares, percentiles on straight lines', () => {
  expect(histogramText('T', [0.0005, 0.0015, 0.0018, 0.013])).toBe(
    [
      'T : count 4 avg 0.0042 +/- 0.005103 min 0.0005 max 0.013 sum 0.0168',
      '# range, mid point, percentile, count',
      '>= 0.0005 <= 0.001 , 0.00075 , 25.00, 1',
      '> 0.001 <= 0.002 , 0.0015 , 75.00, 2',
      '> 0.012 <= 0.013 , 0.0125 , 100.00, 1',
      '# target 50% 0.0015',
      '# target 75% 0.002',
      '# target 90% 0.0126',
      '# target 99% 0.01296',
      '# target 99.9% 0.012996',
      '',
    ].join('\n'),
  )
})
