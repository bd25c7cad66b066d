/** Probes that fail, in the kubelet's words. Upstream: kubernetes/pkg/probe/{http,tcp,exec,grpc}. */
import { afterEach, expect, test } from 'vitest'
import { type ManualClock, manualClock } from '../manual-clock.ts'
import { type SmallCluster, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
let clock: ManualClock
afterEach(() => cluster.stop())

/** Lets time pass until the event is there; the events so far if it never comes. */
const waitForEvent = async (reason: string): Promise<string> => {
  for (let seconds = 0; seconds < 120; seconds++) {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    const found = cluster.events().find((event) => event.includes(` ${reason}:`))
    if (found) return found
    clock.advance(1000)
  }
  return cluster.events().join('\n')
}

const start = (probe: Record<string, unknown>): void => {
  clock = manualClock()
  cluster = smallCluster({ clock })
  cluster.run('app', { image: 'nginx', ports: [{ name: 'web', containerPort: 80 }], ...probe })
}

test.each<[string, Record<string, unknown>, RegExp]>([
  [
    'http, a closed port',
    { httpGet: { port: 81 } },
    /^Warning Unhealthy: Readiness probe failed: Get "http:\/\/10\.244\.\d+\.\d+:81\/": dial tcp .*:81: connect: connection refused$/,
  ],
  [
    'http, a page that is not there',
    { httpGet: { port: 'web', path: '/none' } },
    /Readiness probe failed: HTTP probe failed with statuscode: 404$/,
  ],
  [
    'tcp, a closed port',
    { tcpSocket: { port: 81 } },
    /Readiness probe failed: dial tcp 10\.244\.\d+\.\d+:81: connect: connection refused$/,
  ],
  [
    'exec, a command that fails',
    { exec: { command: ['cat', '/none'] } },
    /Readiness probe failed: cat: \/none: No such file or directory\n$/,
  ],
  [
    'grpc, a server that is none',
    { grpc: { port: 80 } },
    /Readiness probe failed: timeout: failed to connect service "10\.244\.\d+\.\d+:80" within 1s: context deadline exceeded$/,
  ],
])('%s', async (_name, readinessProbe, expected) => {
  start({ readinessProbe })
  expect(await waitForEvent('Unhealthy')).toMatch(expected)
  expect(cluster.pod('app')?.status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'Ready', status: 'False' }),
  )
})

test.each<[string, Record<string, unknown>]>([
  ['tcp', { tcpSocket: { port: 'web' } }],
  ['http', { httpGet: { port: 'web', path: '/' } }],
  ['exec', { exec: { command: ['test', '-f', '/usr/share/nginx/html/index.html'] } }],
])('%s that passes makes it ready', async (_name, readinessProbe) => {
  start({ readinessProbe })
  await cluster.ready('app')
})

test('a startup probe holds the others back, and ends the container when it has failed often enough', async () => {
  start({
    startupProbe: { tcpSocket: { port: 81 }, periodSeconds: 1, failureThreshold: 3 },
    livenessProbe: { httpGet: { port: 82 } },
  })
  expect(await waitForEvent('Killing')).toBe('Normal Killing: Container main failed startup probe, will be restarted')
  expect(cluster.events().filter((event) => event.includes('Liveness'))).toEqual([])
  expect(cluster.pod('app')?.status?.containerStatuses?.[0]?.started).toBe(false)
})

test('a liveness probe that fails restarts the container', async () => {
  start({ livenessProbe: { exec: { command: ['cat', '/tmp/healthy'] }, periodSeconds: 1, failureThreshold: 2 } })
  expect(await waitForEvent('Killing')).toBe('Normal Killing: Container main failed liveness probe, will be restarted')
  clock.advance(0)
  await cluster.until('app', (pod) => (pod?.status?.containerStatuses?.[0]?.restartCount ?? 0) === 1)
})
