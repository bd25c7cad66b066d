/** What learners type, with the kubectl that they have. Streams (exec, port-forward) have their own test. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../src/embedded/server.ts'
import { type Kubectl, kubectlFor, kubectls, type Ran } from './kubectl.ts'

const found = kubectls(['1.27', '1.30', '1.33'])
if (found.length === 0) console.warn('kubectl is not installed: its tests are skipped (set KUBECTL to name one)')

const manifest = (b: string) => `apiVersion: v1
kind: ConfigMap
metadata: {name: applied}
data: {a: "1", b: "${b}"}
`

describe.each(found)('%s', (binary) => {
  let embedded: EmbeddedCluster
  let served: ServedCluster
  let kubectl: Kubectl
  beforeAll(async () => {
    embedded = await createEmbeddedCluster()
    served = await serve(embedded)
    kubectl = kubectlFor(binary, served.kubeconfig, { KUBE_EDITOR: "sed -i 's/b: .*/b: edited/'" })
  })
  afterAll(async () => {
    kubectl.remove()
    await served.close()
    embedded.stop()
  })

  /** Succeeds without a word on stderr, and prints this. */
  const prints = async (ran: Promise<Ran>, stdout: string | RegExp): Promise<void> => {
    const { code, stdout: out, stderr } = await ran
    expect({ code, stderr, stdout: out }).toEqual({
      code: 0,
      stderr: '',
      stdout: typeof stdout === 'string' ? stdout : expect.stringMatching(stdout),
    })
  }
  const fails = async (ran: Promise<Ran>, stderr: string | RegExp): Promise<void> => {
    const { code, stderr: err } = await ran
    expect(code).toBe(1)
    if (typeof stderr === 'string') expect(err).toBe(stderr)
    else expect(err).toMatch(stderr)
  }

  test('lists, as a table and by name', async () => {
    await prints(
      kubectl('get', 'nodes'),
      /^NAME\s+STATUS\s+ROLES\s+AGE\s+VERSION\nmeshdojo-control-plane\s+Ready\s+control-plane\s+\S+\s+v1\.36\.\d+\nmeshdojo-worker\s+Ready\s+<none>\s+\S+\s+v1\.36\.\d+\nmeshdojo-worker2\s+Ready\s+<none>\s+\S+\s+v1\.36\.\d+\n$/,
    )
    await prints(
      kubectl('get', 'ns', '-o', 'name'),
      'namespace/default\nnamespace/kube-node-lease\nnamespace/kube-public\nnamespace/kube-system\n',
    )
    await prints(kubectl('get', 'svc', '-A', '-o', 'jsonpath={.items[*].metadata.name}'), 'kubernetes')
  })

  test('creates, also with the protobuf bodies of newer versions', async () => {
    await prints(kubectl('create', 'ns', 'shop'), 'namespace/shop created\n')
    await prints(kubectl('-n', 'shop', 'create', 'cm', 'cm', '--from-literal=a=b'), 'configmap/cm created\n')
    await prints(kubectl('-n', 'shop', 'create', 'sa', 'bob'), 'serviceaccount/bob created\n')
    await prints(kubectl('-n', 'shop', 'create', 'secret', 'generic', 's', '--from-literal=p=q'), 'secret/s created\n')
    await prints(
      kubectl('-n', 'shop', 'create', 'role', 'r', '--verb=get', '--resource=pods'),
      'role.rbac.authorization.k8s.io/r created\n',
    )
    await prints(
      kubectl('-n', 'shop', 'create', 'deployment', 'web', '--image=nginx', '--replicas=0'),
      'deployment.apps/web created\n',
    )
    await prints(kubectl('-n', 'shop', 'get', 'secret', 's', '-o', 'jsonpath={.data.p}'), 'cQ==')
    await prints(kubectl('-n', 'shop', 'create', 'token', 'bob'), /^[\w-]+\.[\w-]+\.[\w-]+\s*$/)
    await fails(
      kubectl('-n', 'shop', 'create', 'cm', 'cm'),
      'error: failed to create configmap: configmaps "cm" already exists\n',
    )
  })

  test('applies: created, unchanged, diff, dry run, configured', async () => {
    const file = kubectl.file('cm.yaml', manifest('2'))
    const apply = ['-n', 'shop', 'apply', '-f', file]
    await prints(kubectl(...apply), 'configmap/applied created\n')
    await prints(kubectl(...apply), 'configmap/applied unchanged\n')
    kubectl.file('cm.yaml', manifest('3'))
    const { code, stdout } = await kubectl('-n', 'shop', 'diff', '-f', file)
    expect({ code, changes: stdout.split('\n').filter((line) => /^[-+] /.test(line)) }).toEqual({
      code: 1,
      changes: ['-  b: "2"', '+  b: "3"'],
    })
    await prints(kubectl(...apply, '--dry-run=server'), 'configmap/applied configured (server dry run)\n')
    await prints(kubectl('-n', 'shop', 'get', 'cm', 'applied', '-o', 'jsonpath={.data.b}'), '2')
    await prints(kubectl(...apply), 'configmap/applied configured\n')
  })

  test('applies on the server, migrates ownership, and meets conflicts', async () => {
    const file = kubectl.file('cm.yaml', manifest('3'))
    const apply = ['-n', 'shop', 'apply', '--server-side', '-f', file]
    await prints(kubectl(...apply), 'configmap/applied serverside-applied\n')
    const { stdout } = await kubectl('-n', 'shop', 'get', 'cm', 'applied', '-o', 'json', '--show-managed-fields')
    const { managedFields } = JSON.parse(stdout).metadata
    expect(managedFields[0]).toMatchObject({
      manager: 'kubectl',
      operation: 'Apply',
      fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } },
    })
    kubectl.file('cm.yaml', manifest('4'))
    await fails(
      kubectl(...apply, '--field-manager=other'),
      /^error: Apply failed with 1 conflict: conflict with "kubectl": \.data\.b\n/,
    )
    await prints(
      kubectl(...apply, '--field-manager=other', '--force-conflicts'),
      'configmap/applied serverside-applied\n',
    )
  })

  test('edits, labels, annotates, patches, scales', async () => {
    const at = ['-n', 'shop']
    await prints(kubectl(...at, 'edit', 'cm', 'applied'), 'configmap/applied edited\n')
    await prints(kubectl(...at, 'get', 'cm', 'applied', '-o', 'jsonpath={.data.b}'), 'edited')
    await prints(kubectl(...at, 'label', 'deploy', 'web', 'tier=front'), 'deployment.apps/web labeled\n')
    await prints(kubectl(...at, 'annotate', 'deploy', 'web', 'note=hi'), /^deployment\.apps\/web annotated?\n$/)
    await prints(
      kubectl(...at, 'patch', 'deploy', 'web', '-p', '{"spec":{"paused":true}}'),
      'deployment.apps/web patched\n',
    )
    await prints(
      kubectl(
        ...at,
        'patch',
        'deploy',
        'web',
        '--type=json',
        '-p',
        '[{"op":"replace","path":"/spec/paused","value":false}]',
      ),
      'deployment.apps/web patched\n',
    )
    await prints(
      kubectl(...at, 'set', 'image', 'deploy/web', 'nginx=nginx:1.27'),
      'deployment.apps/web image updated\n',
    )
    await prints(kubectl(...at, 'scale', 'deploy', 'web', '--replicas=1'), 'deployment.apps/web scaled\n')
    await prints(kubectl(...at, 'get', 'deploy', '-l', 'tier=front', '-o', 'jsonpath={.items[*].spec.replicas}'), '1')
    await prints(kubectl(...at, 'get', 'deploy', '--field-selector=metadata.name!=web', '-o', 'name'), '')
  })

  test('refuses in the server’s words', async () => {
    const apply = (yaml: string) => kubectl.piped(yaml, '-n', 'shop', 'apply', '-f', '-')
    await fails(
      kubectl('-n', 'shop', 'get', 'cm', 'nope'),
      'Error from server (NotFound): configmaps "nope" not found\n',
    )
    await fails(
      kubectl('-n', 'nope', 'get', 'cm', 'nope'),
      'Error from server (NotFound): namespaces "nope" not found\n',
    )
    await fails(kubectl('get', 'foos'), 'error: the server doesn\'t have a resource type "foos"\n')
    await fails(
      apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: typo}\ndat: {a: b}\n'),
      'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "dat"\n',
    )
    await fails(
      apply('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: A_b}\n'),
      /^The ConfigMap "A_b" is invalid: metadata\.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain must consist of /,
    )
    await fails(
      apply('apiVersion: x.io/v1\nkind: Foo\nmetadata: {name: a}\n'),
      /^error: resource mapping not found for name: "a" namespace: ""? ?from "STDIN": no matches for kind "Foo" in version "x\.io\/v1"\nensure CRDs are installed first\n$/,
    )
    await fails(
      kubectl('delete', 'ns', 'default'),
      /^Error from server \(Forbidden\): namespaces "default" is forbidden: this namespace may not be deleted\n$/,
    )
  })

  test('explains, and knows its resources', async () => {
    const resources = await kubectl('api-resources', '--no-headers', '-o', 'name')
    expect(resources.stdout.split('\n')).toEqual(
      expect.arrayContaining(['pods', 'deployments.apps', 'networkpolicies.networking.k8s.io']),
    )
    const { stdout } = await kubectl('explain', 'deploy.spec.strategy')
    expect(stdout).toMatch(/KIND:\s+Deployment/)
    expect(stdout).toMatch(/rollingUpdate\s+<RollingUpdateDeployment>/)
    await prints(kubectl('auth', 'can-i', 'delete', 'pods'), 'yes\n')
  })

  test('describes what it finds', async () => {
    for (const args of [
      ['deploy', 'web'],
      ['cm', 'cm'],
      ['sa', 'bob'],
      ['role', 'r'],
    ]) {
      const { code, stdout, stderr } = await kubectl('-n', 'shop', 'describe', ...args)
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(new RegExp(`^Name:\\s+${args[1]}\n`))
    }
    expect((await kubectl('describe', 'node')).stdout).toMatch(/Ready\s+True/)
    expect((await kubectl('-n', 'shop', 'describe', 'cm', 'applied')).stdout).toContain('edited')
  })

  test('waits for a condition and for a deletion', async () => {
    await prints(
      kubectl('-n', 'shop', 'wait', '--for=jsonpath={.data.a}=b', 'cm/cm', '--timeout=30s'),
      'configmap/cm condition met\n',
    )
    const gone = kubectl('-n', 'shop', 'wait', '--for=delete', 'cm/cm', '--timeout=30s')
    await kubectl('-n', 'shop', 'delete', 'cm', 'cm')
    expect((await gone).code).toBe(0)
    await fails(
      kubectl('-n', 'shop', 'wait', '--for=jsonpath={.data.a}=never', 'cm/applied', '--timeout=100ms'),
      /timed out waiting for the condition on configmaps\/applied/,
    )
  })

  test('deletes, dry first', async () => {
    await prints(
      kubectl('-n', 'shop', 'delete', 'cm', 'applied', '--dry-run=server'),
      /^configmap "applied" deleted( from shop namespace)? \(server dry run\)\n$/,
    )
    await prints(
      kubectl('-n', 'shop', 'delete', 'cm', 'applied'),
      /^configmap "applied" deleted( from shop namespace)?\n$/,
    )
    await fails(
      kubectl('-n', 'shop', 'delete', 'cm', 'applied'),
      'Error from server (NotFound): configmaps "applied" not found\n',
    )
    await prints(kubectl('-n', 'shop', 'delete', 'cm', 'applied', '--ignore-not-found'), '')
  })

  test('rolls out, restarts, undoes, and watches it happen', async () => {
    const at = ['-n', 'work']
    await kubectl('create', 'ns', 'work')
    await kubectl(...at, 'create', 'deployment', 'web', '--image=nginx', '--replicas=2')
    await prints(
      kubectl(...at, 'rollout', 'status', 'deploy/web', '--timeout=30s'),
      /deployment "web" successfully rolled out\n$/,
    )
    await prints(
      kubectl(...at, 'wait', '--for=condition=Ready', 'pod', '--all', '--timeout=30s'),
      /(pod\/web-\S+ condition met\n){2}/,
    )
    await prints(kubectl(...at, 'get', 'deploy', 'web', '--no-headers'), /^web\s+2\/2\s+2\s+2\s+\S+\n$/)
    const pods = kubectl.start(...at, 'get', 'pods', '--watch', '--output-watch-events')
    await pods.until(/(ADDED\s+web-\S+\s+1\/1\s+Running.*\n){2}/)
    await prints(kubectl(...at, 'rollout', 'restart', 'deploy/web'), 'deployment.apps/web restarted\n')
    await prints(kubectl(...at, 'rollout', 'status', 'deploy/web', '--timeout=30s'), /successfully rolled out\n$/)
    await prints(kubectl(...at, 'rollout', 'undo', 'deploy/web'), 'deployment.apps/web rolled back\n')
    await prints(kubectl(...at, 'rollout', 'history', 'deploy/web'), /\n2\s+<none>\n3\s+<none>\n/)
    await pods.until(/ADDED\s+web-\S+\s+0\/1\s+Pending/)
    await pods.until(/MODIFIED\s+web-\S+\s+1\/1\s+Running/)
    await pods.until(/DELETED\s+web-\S+/)
    pods.end()
    const { stdout } = await kubectl(...at, 'get', 'events', '-o', 'jsonpath={.items[*].reason}')
    expect(stdout.split(' ')).toEqual(expect.arrayContaining(['Scheduled', 'Started', 'ScalingReplicaSet', 'Killing']))
  })

  test('deletes a namespace with what is in it', async () => {
    await prints(kubectl('delete', 'ns', 'work', '--timeout=30s'), 'namespace "work" deleted\n')
    await fails(kubectl('get', 'ns', 'work'), 'Error from server (NotFound): namespaces "work" not found\n')
    await prints(kubectl('-n', 'work', 'get', 'pods', '-o', 'name'), '')
  })
})
