/** When a pod is warned about: kubernetes/kubernetes pkg/registry/core/pod/strategy.go. */
import { expect, test } from 'vitest'
import { stillServer } from '../recorded/replay.ts'

test('a pod is warned about when it is created, and not again when it changes', async () => {
  const api = await stillServer()
  const container = { name: 'c', image: 'nginx', resources: { limits: { memory: '100m' } } }
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [container] } }
  const created = await api('POST', '/api/v1/namespaces/shop/pods', pod)
  expect(created.status).toBe(201)
  expect(created.headers.get('warning')).toContain('limits[memory]: fractional byte value')
  const path = '/api/v1/namespaces/shop/pods/web'
  const merge = { 'content-type': 'application/merge-patch+json' }
  for (const [at, change] of [
    [path, { metadata: { labels: { a: 'b' } } }],
    [`${path}/status`, { status: { phase: 'Running' } }],
  ] as const) {
    const { status, headers } = await api('PATCH', at, change, merge)
    expect([status, headers.get('warning')]).toEqual([200, null])
  }
})
