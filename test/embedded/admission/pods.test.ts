/** What admission adds to a pod, and which pods it refuses. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { PodObject } from '../../../src/embedded/kinds/types.ts'
import { type ControlPlane, controlPlane } from '../controllers/control-plane.ts'

let plane: ControlPlane
beforeEach(() => {
  plane = controlPlane()
})
afterEach(() => plane.stop())

const pod = (spec: object = {}): PodObject =>
  plane.registry.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'shop' },
    spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
  })
const account = (name: string, fields: object = {}) =>
  plane.registry.create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'shop' }, ...fields })
const mounts = ({ spec }: PodObject) =>
  [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].map(({ volumeMounts = [] }) =>
    volumeMounts.map(({ mountPath }) => mountPath),
  )
const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'

describe('the ServiceAccount', () => {
  test('is `default`, by both of its names', () => {
    expect(pod().spec).toMatchObject({ serviceAccountName: 'default', serviceAccount: 'default' })
  })

  test('has to be there', () => {
    expect(() => pod({ serviceAccountName: 'ghost' })).toThrow(
      'pods "p" is forbidden: error looking up service account shop/ghost: serviceaccount "ghost" not found',
    )
  })

  test('brings a token for every container', () => {
    const made = pod({ initContainers: [{ name: 'i', image: 'busybox' }] })
    expect(mounts(made)).toEqual([[tokenPath], [tokenPath]])
    const [volume] = made.spec?.volumes ?? []
    expect(volume?.name).toMatch(/^kube-api-access-[a-z0-9]{5}$/)
    expect(volume?.projected).toEqual({
      defaultMode: 420,
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
    })
  })

  test.each<[string, object, object, boolean]>([
    ['the pod says no', {}, { automountServiceAccountToken: false }, false],
    ['the account says no', { automountServiceAccountToken: false }, {}, false],
    [
      'the pod says yes over the account',
      { automountServiceAccountToken: false },
      { automountServiceAccountToken: true },
      true,
    ],
  ])('%s', (_name, fields, spec, mounted) => {
    account('own', fields)
    expect(mounts(pod({ serviceAccountName: 'own', ...spec }))).toEqual([mounted ? [tokenPath] : []])
  })

  test('leaves a mount of the same path alone', () => {
    const own = {
      containers: [{ name: 'c', image: 'nginx', volumeMounts: [{ name: 'mine', mountPath: tokenPath }] }],
      volumes: [{ name: 'mine', emptyDir: {} }],
    }
    expect(pod(own).spec?.volumes).toEqual([{ name: 'mine', emptyDir: {} }])
  })

  test('lends its pull secrets', () => {
    account('own', { imagePullSecrets: [{ name: 'registry' }] })
    expect(pod({ serviceAccountName: 'own' }).spec?.imagePullSecrets).toEqual([{ name: 'registry' }])
  })
})

describe('tolerations', () => {
  const lost = (key: string, tolerationSeconds = 300) => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds,
  })
  test('of a lost node are added', () => {
    expect(pod().spec?.tolerations).toEqual([lost('not-ready'), lost('unreachable')])
  })
  test('that the pod has itself stay as they are', () => {
    const own = lost('not-ready', 5)
    expect(pod({ tolerations: [own] }).spec?.tolerations).toEqual([own, lost('unreachable')])
  })
})

describe('priority', () => {
  const priorityClass = (name: string, fields: object) =>
    plane.registry.create({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name }, ...fields })

  test('is 0 without a class', () => {
    expect(pod().spec).toMatchObject({ priority: 0, preemptionPolicy: 'PreemptLowerPriority' })
  })
  test('is that of the class', () => {
    priorityClass('high', { value: 1000, preemptionPolicy: 'Never' })
    expect(pod({ priorityClassName: 'high' }).spec).toMatchObject({ priority: 1000, preemptionPolicy: 'Never' })
  })
  test('is that of the global default', () => {
    priorityClass('usual', { value: 7, globalDefault: true })
    expect(pod().spec).toMatchObject({ priorityClassName: 'usual', priority: 7 })
  })
  test('of the system needs no object', () => {
    expect(pod({ priorityClassName: 'system-node-critical' }).spec?.priority).toBe(2_000_001_000)
  })
  test('of an unknown class is refused', () => {
    expect(() => pod({ priorityClassName: 'foo' })).toThrow(
      'pods "p" is forbidden: no PriorityClass with name foo was found',
    )
  })
})

describe('what is stored but not acted on', () => {
  const warnings = (object: { apiVersion: string; kind: string; metadata: object; [field: string]: unknown }) => {
    const said: string[] = []
    plane.registry.create(
      { ...object, metadata: { name: 'x', namespace: 'shop', ...object.metadata } },
      { warn: (text) => said.push(text) },
    )
    return said
  }
  test('is said aloud', () => {
    expect(
      warnings({
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: {},
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      }),
    ).toEqual(['PersistentVolumeClaim is stored but not modelled by this simulated cluster: no volume is bound to it'])
  })
  test('nothing is said of what works', () => {
    expect(warnings({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {} })).toEqual([])
  })
})

test('namespaces that a cluster needs may not be deleted, not even to try', () => {
  const remove = (options?: { dryRun: boolean }) => () =>
    plane.registry.delete({ group: '', resource: 'namespaces' }, 'default', undefined, options)
  const says = 'namespaces "default" is forbidden: this namespace may not be deleted'
  expect(remove()).toThrow(says)
  expect(remove({ dryRun: true })).toThrow(says)
})
