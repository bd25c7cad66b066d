/** What a learner sees of the controllers through real kubectl. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../../src/embedded/server.ts'
import { type Kubectl, kubectlFor, kubectls } from '../kubectl.ts'

const [binary] = kubectls(['1.33'])

describe.skipIf(!binary)('kubectl (skipped without one on this machine)', () => {
  let embedded: EmbeddedCluster
  let served: ServedCluster
  let kubectl: Kubectl
  beforeAll(async () => {
    embedded = await createEmbeddedCluster()
    served = await serve(embedded)
    kubectl = kubectlFor(binary!, served.kubeconfig)
  })
  afterAll(async () => {
    kubectl?.remove()
    await served?.close()
    embedded?.stop()
  })

  const ok = async (command: string): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(...command.split(' '))
    expect(`${code} ${stderr}`).toBe('0 ')
    return stdout
  }

  test('a Deployment from creation to undo', async () => {
    await ok('create namespace shop')
    await ok('-n shop create deployment web --image=nginx --replicas=2')
    expect(await ok('-n shop rollout status deploy/web')).toContain('deployment "web" successfully rolled out')
    expect(await ok('-n shop get deploy web')).toMatch(/web +2\/2 +2 +2 +\d+s/)
    await ok('-n shop set image deploy/web nginx=nginx:1.27')
    await ok('-n shop rollout status deploy/web')
    await ok('-n shop rollout undo deploy/web')
    await ok('-n shop rollout status deploy/web')
    expect(await ok('-n shop get deploy web -o jsonpath={.spec.template.spec.containers[0].image}')).toBe('nginx')
    expect(await ok('-n shop rollout history deploy/web')).toMatch(/REVISION.*\n2 .*\n3 /)
    await ok('-n shop rollout restart deploy/web')
    await ok('-n shop rollout status deploy/web')
    await ok('-n shop scale deploy/web --replicas=4')
    await ok('-n shop wait --for=jsonpath={.status.availableReplicas}=4 deploy/web')
    const described = await ok('-n shop describe deploy web')
    expect(described).toMatch(/Replicas: +4 desired \| 4 updated \| 4 total \| 4 available \| 0 unavailable/)
    expect(described).toMatch(
      /Normal +ScalingReplicaSet .* deployment-controller +Scaled up replica set web-\w+ from 0 to 2/,
    )
  })

  test('a Service and its endpoints', async () => {
    await ok('-n shop expose deployment web --port=80')
    expect(await ok('-n shop get svc web')).toMatch(/web +ClusterIP +10\.\d+\.\d+\.\d+ +<none> +80\/TCP/)
    expect(await ok('-n shop describe svc web')).toMatch(/Endpoints: +10\.244\.\d+\.\d+:80,/)
  })

  test('deleting with each propagation policy', async () => {
    await ok('-n shop delete deploy web --cascade=orphan')
    expect(await ok('-n shop get rs -o name')).toContain('replicaset.apps/web-')
    await ok('-n shop create deployment web --image=nginx --replicas=4')
    await ok('-n shop rollout status deploy/web')
    await ok('-n shop delete deploy web --cascade=foreground')
    expect(await ok('-n shop get rs,deploy -o name')).toBe('')
  })

  test('a namespace goes with all it holds', async () => {
    await ok('-n shop create deployment api --image=nginx')
    await ok('delete namespace shop')
    expect((await kubectl('get', 'namespace', 'shop')).stderr).toBe(
      'Error from server (NotFound): namespaces "shop" not found\n',
    )
    expect(await ok('get pods -A -o name')).toBe('')
  })

  test('the node', async () => {
    expect(await ok('get nodes')).toMatch(
      /meshdojo-control-plane +Ready +control-plane[\s\S]*meshdojo-worker2 +Ready +<none>/,
    )
    const described = await ok('describe node meshdojo-worker')
    expect(described).toMatch(/Lease:\n +HolderIdentity: +meshdojo-worker/)
    expect(described).toContain('Non-terminated Pods:          (0 in total)')
  })
})
