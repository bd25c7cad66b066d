/** Labs in "the learner's cluster": an embedded one, reached over TLS through a kubeconfig of their own. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../src/embedded/server.ts'
import type { KubeObject } from '../../src/kube/api.ts'
import { type Client, createClient } from '../../src/kube/client.ts'
import { istio } from '../../src/meshes/istio/index.ts'
import { createContextProvider } from '../../src/providers/context.ts'
import type { LabSpec } from '../../src/providers/provider.ts'
import { putLab } from '../../src/providers/real-lab.ts'
import { runCli } from '../cli/io.ts'

let embedded: EmbeddedCluster
let served: ServedCluster
let client: Client
let home: string
let env: NodeJS.ProcessEnv
beforeEach(async () => {
  embedded = await createEmbeddedCluster({ mesh: istio })
  served = await serve(embedded, { name: 'mine' })
  client = createClient(embedded.cluster)
  home = mkdtempSync(join(tmpdir(), 'context-'))
  env = { KUBECONFIG: join(home, 'own.yaml'), HOME: home, MESHDOJO_HOME: join(home, 'state') }
  writeFileSync(env.KUBECONFIG!, served.kubeconfig)
})
afterEach(async () => {
  await served.close()
  embedded.stop()
})

const namespace = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels },
})
const configMap = (name: string, where: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: where },
  data: {},
})
const policy = (name: string, where: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name, namespace: where, labels },
  spec: { mtls: { mode: 'STRICT' } },
})
const lab: LabSpec = { name: 'small', mesh: 'istio', objects: [namespace('play'), configMap('toy', 'play')] }
const provider = (more: { context?: string; mayChange?: string } = {}) =>
  createContextProvider({ stateFolder: env.MESHDOJO_HOME!, env, ...more })
const names = async (kind: string, apiVersion = 'v1') => {
  const { items } = await client.list({ apiVersion, kind })
  return items.map(({ metadata }) => [metadata.namespace, metadata.name].filter(Boolean).join('/'))
}
const kubeconfigs = () => {
  const folder = join(env.MESHDOJO_HOME!, 'clusters')
  return existsSync(folder) ? readdirSync(folder) : []
}

describe('a cluster that is no lab', () => {
  test.each([
    ['nothing is said', {}],
    ['another name is said', { mayChange: 'my-mine' }],
  ])('is not changed when %s; the message names what allows it', async (_, more) => {
    await expect(provider(more).open(lab, {})).rejects.toThrow(
      /^mine is not a lab: nothing is changed in it\. .*--yes-change-this-cluster mine$/,
    )
    expect(await names('Namespace')).not.toContain('play')
    expect(await names('ConfigMap')).not.toContain('kube-public/meshdojo-lab')
    expect(kubeconfigs()).toEqual([])
  })

  test('becomes one when it is named; from then on it needs no naming, and each lab comes fresh', async () => {
    const open = await provider({ mayChange: 'mine' }).open(lab, {})
    expect(readFileSync(env.KUBECONFIG!, 'utf8')).toBe(served.kubeconfig)
    expect(statSync(open.kubeconfig).mode & 0o777).toBe(0o600)
    expect(open.convergeSeconds).toBeGreaterThan(0)
    expect(await names('ConfigMap')).toEqual(expect.arrayContaining(['kube-public/meshdojo-lab', 'play/toy']))
    await open.close()
    await open.close()
    expect(kubeconfigs()).toEqual([])

    await client.create(configMap('learners', 'play'))
    await client.create(policy('lessons', 'istio-system'), { fieldManager: 'meshdojo' })
    // As "kubectl replace" with a manifest of the learner's leaves it: without our label.
    await client.patch({ apiVersion: 'v1', kind: 'Namespace', name: 'play' }, 'merge', {
      metadata: { labels: { 'meshdojo.dev/lab': null } },
    })
    const again = await provider().open({ ...lab, name: 'other' }, {})
    expect(await names('ConfigMap')).not.toContain('play/learners')
    expect(await names('PeerAuthentication', 'security.istio.io/v1')).toEqual([])
    await again.close()
  })

  test('where somebody’s policy holds for the whole mesh no lab plays, and the policy stays', async () => {
    await client.create(policy('theirs', 'istio-system'), { fieldManager: 'kubectl' })
    await expect(provider({ mayChange: 'mine' }).open(lab, {})).rejects.toThrow(
      /needs a mesh without policies for all of it, and there is PeerAuthentication theirs in istio-system: it is left alone/,
    )
    expect(await names('PeerAuthentication', 'security.istio.io/v1')).toEqual(['istio-system/theirs'])
    expect(await names('Namespace')).not.toContain('play')
  })

  test('a namespace of somebody’s is left alone, whoever may change the cluster', async () => {
    await client.create(namespace('play'))
    await client.create(configMap('precious', 'play'))
    await client.create(policy('lessons', 'istio-system'), { fieldManager: 'meshdojo' })
    await expect(provider({ mayChange: 'mine' }).open(lab, {})).rejects.toThrow(
      /needs the namespace play, which is there and is not meshdojo's: it is left alone/,
    )
    expect(await names('ConfigMap')).toContain('play/precious')
    expect(await names('PeerAuthentication', 'security.istio.io/v1')).toEqual(['istio-system/lessons'])
    expect(await names('ConfigMap')).not.toContain('kube-public/meshdojo-lab')
  })

  test('of another mesh is refused, with what is there', async () => {
    const other: LabSpec = { ...lab, mesh: 'linkerd' }
    await expect(provider({ mayChange: 'mine' }).open(other, {})).rejects.toThrow(
      /the lab small does not fit mine: it needs linkerd, and there is istio; .*cluster list --provider context/,
    )
  })

  test('with ambient mode instead of sidecars is refused', async () => {
    const template = {
      metadata: { labels: { app: 'ztunnel' } },
      spec: { containers: [{ name: 'c', image: 'ztunnel:1.30.3' }] },
    }
    await client.create({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'ztunnel', namespace: 'istio-system' },
      spec: { selector: { matchLabels: { app: 'ztunnel' } }, template },
    })
    await expect(provider({ mayChange: 'mine' }).open(lab, {})).rejects.toThrow(/istio runs in ambient mode/)
  })

  test('a context that is not there: the ones that are', async () => {
    await expect(provider({ context: 'mein' }).open(lab, {})).rejects.toThrow(/no context "mein"; it has: mine/)
  })
})

describe('putting a lab in', () => {
  test('a cluster of meshdojo’s own loses what a lesson left for the whole mesh, and nothing else', async () => {
    await client.create(namespace('elsewhere'))
    await client.create(policy('learners', 'istio-system'))
    await client.create(policy('installed', 'istio-system', { 'app.kubernetes.io/managed-by': 'Helm' }))
    await client.create(policy('theirs', 'elsewhere'))
    await putLab(embedded.cluster, lab, { whole: true })
    expect(await names('PeerAuthentication', 'security.istio.io/v1')).toEqual([
      'elsewhere/theirs',
      'istio-system/installed',
    ])
  })

  test('a lab that has things in istio-system does not take it for its own', async () => {
    const broad: LabSpec = { ...lab, objects: [...lab.objects, namespace('istio-system')] }
    await putLab(embedded.cluster, broad, { whole: true })
    const uid = (await client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'istio-system' })).metadata.uid
    await putLab(embedded.cluster, broad, { whole: true })
    const { metadata } = await client.get({ apiVersion: 'v1', kind: 'Namespace', name: 'istio-system' })
    expect([metadata.uid, metadata.labels?.['meshdojo.dev/lab']]).toEqual([uid, undefined])
  })

  test('what the server refuses is said in its words, with what to do', async () => {
    const broken: LabSpec = { ...lab, objects: [namespace('play'), configMap('Not A Name', 'play')] }
    await expect(putLab(embedded.cluster, broken, { whole: true })).rejects.toThrow(
      /small could not be put in: .*Invalid value: "Not A Name"[\s\S]*to do: see "kubectl get pods/,
    )
  })
})

describe('the command line', () => {
  test('cluster list --provider context says what the cluster is and which scenarios fit', async () => {
    const { code, stdout } = await runCli(['cluster', 'list', '--provider', 'context', '--json'], env)
    const found = JSON.parse(stdout) as { scenarios: string[] }
    expect([code, found]).toEqual([0, expect.objectContaining({ context: 'mine', mesh: 'istio', mode: 'sidecar' })])
    expect(found.scenarios).toContain('istio-strict-mtls')
    // One has an image that only the embedded cluster has.
    expect(found.scenarios).not.toContain('istio-only-with-a-token')
    expect(found.scenarios.filter((name) => name.startsWith('linkerd'))).toEqual([])
  })

  const kubeconfig = (cluster: string): string =>
    `{current-context: x, contexts: [{name: x, context: {cluster: c}}], clusters: [{name: c, cluster: ${cluster}}]}`

  test.each<[string, string | undefined, RegExp]>([
    ['there is none', undefined, /there is no context in \S+own\.yaml: set KUBECONFIG to the file that has yours/],
    ['it is empty', '', /there is no context in/],
    ['it is a list', '[]', /there is no context in/],
    ['it is no YAML', 'a: [b', /not YAML \(.*\); correct it/],
    [
      'nothing is current',
      '{contexts: [{name: one}, {name: two}]}',
      /no current-context: name one with --context; it has: one, two/,
    ],
    [
      'its cluster is not in it',
      '{current-context: x, contexts: [{name: x, context: {cluster: c}}]}',
      /names no cluster with a server/,
    ],
    [
      'its server is no URL',
      kubeconfig('{server: here}'),
      /the server "here" of context "x" is no https URL; correct it/,
    ],
    [
      'nobody answers',
      kubeconfig('{server: "https://127.0.0.1:1"}'),
      /cannot reach https:\/\/127\.0\.0\.1:1 \(ECONNREFUSED\)/,
    ],
  ])(
    'a kubeconfig that does not lead anywhere, since %s: 3, with what to do, and no folder of ours',
    async (_, text, says) => {
      if (text === undefined) rmSync(env.KUBECONFIG!)
      else writeFileSync(env.KUBECONFIG!, text)
      for (const line of [
        'verify istio-strict-mtls --provider context',
        'start istio-strict-mtls --provider context --dry-run',
      ]) {
        const { code, stdout, stderr } = await runCli(line.split(' '), env)
        expect([code, stdout, stderr]).toEqual([3, '', expect.stringMatching(says)])
      }
      expect(kubeconfigs()).toEqual([])
    },
  )

  test('a folder in place of a kubeconfig is said to be one', async () => {
    const { code, stderr } = await runCli(['cluster', 'list', '--provider', 'context'], { ...env, KUBECONFIG: home })
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/cannot be read \(EISDIR\); it is a folder: name a file in it/),
    ])
  })

  test('verify --provider context refuses with 2 what is no lab', async () => {
    const { code, stdout, stderr } = await runCli(['verify', 'istio-strict-mtls', '--provider', 'context'], env)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/mine is not a lab: nothing is changed in it/)
  })
})
