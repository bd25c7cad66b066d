/** Volumes and identities as commands in containers see them. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { KubeObject } from '../../../src/kube/api.ts'
import { type SmallCluster, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
beforeEach(() => {
  cluster = smallCluster()
})
afterEach(() => cluster.stop())

const configMaps = { group: '', resource: 'configmaps' }
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
const configMap = (data: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'shop' },
  data,
})

test.each(['plain commands', 'a shell'])(
  'a mounted ConfigMap follows the API, a subPath of it does not (%s)',
  async (how) => {
    cluster.add(configMap({ mode: 'old', gone: 'soon' }))
    cluster.run(
      'app',
      {
        image: 'busybox',
        command: ['sleep', 'infinity'],
        volumeMounts: [
          { name: 'settings', mountPath: '/settings' },
          { name: 'settings', mountPath: '/single/mode', subPath: 'mode' },
        ],
      },
      { spec: { volumes: [{ name: 'settings', configMap: { name: 'settings' } }] } },
    )
    await cluster.ready('app')
    const read = async (path: string) =>
      how === 'a shell' ? cluster.exec('app', ['sh', '-c', `cat ${path}`]) : cluster.exec('app', ['cat', path])
    expect((await read('/settings/mode')).stdout).toBe('old')
    cluster.registry.mutate(configMaps, 'settings', 'shop', (draft) => {
      draft.data = { mode: 'new', more: 'yes' }
    })
    await turns()
    expect((await read('/settings/mode')).stdout).toBe('new')
    expect((await read('/settings/more')).stdout).toBe('yes')
    expect((await read('/settings/gone')).exitCode).toBe(1)
    // kubernetes.io/docs/concepts/configuration/configmap: a subPath mount does not receive updates.
    expect((await read('/single/mode')).stdout).toBe('old')
  },
)

test('what comes from the API is read-only, an empty folder is shared by all containers', async () => {
  cluster.add(configMap({ a: '1' }))
  const volumeMounts = [
    { name: 'settings', mountPath: '/settings' },
    { name: 'work', mountPath: '/work' },
  ]
  cluster.run(
    'app',
    { image: 'busybox', command: ['sleep', 'infinity'], volumeMounts },
    {
      spec: {
        initContainers: [
          { name: 'first', image: 'busybox', command: ['sh', '-c', 'echo from init > /work/page'], volumeMounts },
        ],
        volumes: [
          { name: 'settings', configMap: { name: 'settings' } },
          { name: 'work', emptyDir: {} },
        ],
      },
    },
  )
  await cluster.ready('app')
  expect(await cluster.exec('app', ['cat', '/work/page'])).toMatchObject({ exitCode: 0, stdout: 'from init\n' })
  expect(await cluster.exec('app', ['sh', '-c', 'echo one; echo 2 > /settings/a; echo code $?; ls /work'])).toEqual({
    exitCode: 0,
    stdout: 'one\ncode 1\npage\n',
    stderr: "sh: can't create /settings/a: Read-only file system\n",
  })
})

test('a read-only root lets volumes be written', async () => {
  cluster.run(
    'app',
    {
      image: 'busybox',
      command: ['sleep', 'infinity'],
      securityContext: { readOnlyRootFilesystem: true },
      volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
    },
    { spec: { volumes: [{ name: 'tmp', emptyDir: {} }] } },
  )
  await cluster.ready('app')
  expect(await cluster.exec('app', ['touch', '/x'])).toMatchObject({
    exitCode: 1,
    stderr: "touch: cannot touch '/x': Read-only file system\n",
  })
  expect(await cluster.exec('app', ['sh', '-c', 'echo a > /tmp/x && cat /tmp/x; echo b > /dev/null'])).toMatchObject({
    exitCode: 0,
    stdout: 'a\n',
  })
})

test.each<[string, Record<string, unknown>, Record<string, unknown>, string]>([
  ['the image’s user', {}, {}, 'uid=0(root) gid=0(root) groups=0(root)\n'],
  ['a user without a group', {}, { runAsUser: 1234 }, 'uid=1234 gid=0(root) groups=0(root)\n'],
  [
    'the pod’s user and groups',
    { runAsUser: 2000, runAsGroup: 3000, fsGroup: 4000, supplementalGroups: [5000] },
    {},
    'uid=2000 gid=3000 groups=3000,4000,5000\n',
  ],
  [
    'the container’s over the pod’s',
    { runAsUser: 2000 },
    { runAsUser: 2001, runAsGroup: 9 },
    'uid=2001 gid=9 groups=9\n',
  ],
])('id shows %s', async (_name, pod, container, stdout) => {
  cluster.run(
    'app',
    { image: 'busybox', command: ['sleep', 'infinity'], securityContext: container },
    { spec: { securityContext: pod } },
  )
  await cluster.ready('app')
  expect((await cluster.exec('app', ['id'])).stdout).toBe(stdout)
  expect((await cluster.exec('app', ['sh', '-c', 'id'])).stdout).toBe(stdout)
})

test('runAsNonRoot keeps an image that runs as root from starting, in the kubelet’s words', async () => {
  const spec = { securityContext: { runAsNonRoot: true } }
  cluster.run('app', { image: 'nginx' }, { spec })
  cluster.run('other', { image: 'curlimages/curl', command: ['sleep', 'infinity'] }, { spec })
  const pod = await cluster.until(
    'app',
    (each) => each?.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
  )
  const { uid } = pod!.metadata
  expect(pod?.status?.containerStatuses?.[0]?.state?.waiting?.message).toBe(
    `container has runAsNonRoot and image will run as root (pod: "app_shop(${uid})", container: main)`,
  )
  await cluster.ready('other')
})

test('the downward API follows the pod’s labels', async () => {
  const items = [
    { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
    { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
  ]
  cluster.run(
    'app',
    { image: 'busybox', command: ['sleep', 'infinity'], volumeMounts: [{ name: 'info', mountPath: '/info' }] },
    { labels: { b: '2', a: '1' }, spec: { volumes: [{ name: 'info', downwardAPI: { items } }] } },
  )
  await cluster.ready('app')
  expect((await cluster.exec('app', ['cat', '/info/labels'])).stdout).toBe('a="1"\nb="2"')
  cluster.registry.mutate({ group: '', resource: 'pods' }, 'app', 'shop', (draft) => {
    draft.metadata.labels = { a: '3' }
  })
  await turns()
  expect((await cluster.exec('app', ['cat', '/info/labels'])).stdout).toBe('a="3"')
  expect((await cluster.exec('app', ['cat', '/info/name'])).stdout).toBe('app')
})
