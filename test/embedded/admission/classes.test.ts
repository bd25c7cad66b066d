/** Runtime and storage classes: kubernetes/kubernetes plugin/pkg/admission/runtimeclass and storage/storageclass/setdefault. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf } from '../api.ts'
import { settled } from '../small-cluster.ts'

let cluster: EmbeddedCluster
let api: Api
beforeAll(async () => {
  cluster = await createEmbeddedCluster()
  api = apiOf(cluster)
  await settled(cluster)
  await api('POST', '/apis/node.k8s.io/v1/runtimeclasses', {
    metadata: { name: 'gvisor' },
    handler: 'runsc',
    overhead: { podFixed: { cpu: '250m' } },
    scheduling: { nodeSelector: { sandbox: 'yes' }, tolerations: [{ key: 'sandbox', operator: 'Exists' }] },
  })
})
afterAll(() => cluster.stop())

const pod = (name: string, spec: object) =>
  api('POST', '/api/v1/namespaces/default/pods', {
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
  })

describe('a RuntimeClass', () => {
  test('adds what it declares', async () => {
    const { body } = await pod('p', { runtimeClassName: 'gvisor', nodeSelector: { disk: 'ssd' } })
    expect(body.spec).toMatchObject({ overhead: { cpu: '250m' }, nodeSelector: { disk: 'ssd', sandbox: 'yes' } })
    expect(body.spec.tolerations).toContainEqual({ key: 'sandbox', operator: 'Exists' })
  })

  test.each([
    [{ runtimeClassName: 'nope' }, 'RuntimeClass "nope" not found'],
    [{ overhead: { cpu: '1' } }, 'Pod Overhead set without corresponding RuntimeClass defined Overhead'],
    [
      { runtimeClassName: 'gvisor', overhead: { cpu: '1' } },
      "Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    [
      { runtimeClassName: 'gvisor', nodeSelector: { sandbox: 'no' } },
      'conflict: runtimeClass.scheduling.nodeSelector[sandbox] = yes; pod.spec.nodeSelector[sandbox] = no',
    ],
  ])('%j is refused', async (spec, says) => {
    expect((await pod('x', spec)).body).toMatchObject({
      code: 403,
      message: `pods "x" is forbidden: pod rejected: ${says}`,
    })
  })

  test('needs a handler that is a label, for good', async () => {
    const at = '/apis/node.k8s.io/v1/runtimeclasses'
    expect((await api('POST', at, { metadata: { name: 'x' }, handler: 'A b' })).body.message).toMatch(
      /^RuntimeClass.node.k8s.io "x" is invalid: handler: Invalid value: "A b": a lowercase RFC 1123 label/,
    )
    const merge = { 'content-type': 'application/merge-patch+json' }
    expect((await api('PATCH', `${at}/gvisor`, { handler: 'kata' }, merge)).body.message).toContain(
      'handler: Invalid value: "kata": field is immutable',
    )
  })
})

describe('the default StorageClass', () => {
  const claim = async (name: string, spec: object) => {
    const resources = { requests: { storage: '1Gi' } }
    const { body } = await api('POST', '/api/v1/namespaces/default/persistentvolumeclaims', {
      metadata: { name },
      spec: { accessModes: ['ReadWriteOnce'], resources, ...spec },
    })
    return body.spec.storageClassName
  }
  test('is given to claims that name none', async () => {
    expect(await claim('a', {})).toBe('standard')
    expect(await claim('b', { storageClassName: '' })).toBe('')
    expect(await claim('c', { storageClassName: 'other' })).toBe('other')
  })
})
