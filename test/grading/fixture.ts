/** A small world of plain objects and a mesh that answers from a table, for tests of what surrounds the engine. */
import type { Cluster, KubeObject } from '../../src/kube/api.ts'
import type { Mesh } from '../../src/meshes/mesh.ts'
import { workloadOf } from '../../src/meshes/network.ts'
import type { Verdict } from '../../src/meshes/verdict.ts'

/** A pod of a Deployment, ready. */
export const pod = (namespace: string, name: string, address: string, image = 'curlimages/curl:8'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `${name}-abc-1`,
    namespace,
    labels: { app: name, 'pod-template-hash': 'abc' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-abc`, uid: 'u', controller: true }],
  },
  spec: { containers: [{ name: 'app', image, ports: [{ name: 'http', containerPort: 8080 }] }] },
  status: { phase: 'Running', podIP: address, conditions: [{ type: 'Ready', status: 'True' }] },
})

export const service = (namespace: string, name: string, clusterIP: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { clusterIP, selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
})

export const shop: KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } },
  pod('a', 'web', '10.0.0.1'),
  pod('a', 'api', '10.0.0.2', 'mendhak/http-https-echo:37'),
  pod('b', 'old', '10.0.0.3'),
  service('a', 'web', '10.1.0.1'),
  service('a', 'api', '10.1.0.2'),
  service('a', 'gone', '10.1.0.3'),
]

export const forwarded = (transport: Verdict['transport'], because: string): Verdict => ({
  outcome: 'allow',
  transport,
  effect: { kind: 'forward', forwarding: { setRequestHeaders: [], removeRequestHeaders: [], setResponseHeaders: [] } },
  because,
  steps: [{ at: 'server', outcome: 'pass', says: because }],
})

export const denied = (because: string): Verdict => ({
  outcome: 'deny',
  transport: 'mtls',
  effect: { kind: 'respond', by: 'server-proxy', status: 403, headers: [], body: 'RBAC: access denied' },
  because,
  steps: [{ at: 'server', outcome: 'deny', says: because }],
})

/** Verdicts by caller, `namespace/workload`. */
export const meshOf = (verdicts: Record<string, Verdict>): Mesh => ({
  name: 'istio',
  proxyContainer: 'istio-proxy',
  validator: 'validation.istio.io',
  reads: [],
  compile: () => ({ model: undefined, problems: [] }),
  decide: (_, call) => verdicts[workloadOf(call.source)] ?? forwarded('plaintext', 'nothing says otherwise'),
  crds: async () => [],
  install: () => [],
  validate: () => ({ allowed: true }),
  inject: (each) => each,
  isMeshed: () => true,
})

const plurals: Record<string, string> = { Namespace: 'namespaces', Pod: 'pods', Service: 'services' }

/** What curl does in a container: `[exit code, stdout]`, from the pod's name and the URL. */
export type Curl = (pod: string, url: string, argv: readonly string[]) => readonly [exitCode: number, stdout: string]

/** curl's output for an answer, as `curlCommand` asks for it. */
export const httpAnswer = (status: number, body = ''): string =>
  `HTTP/1.1 ${status} X\r\n\r\n${body}\n<<meshdojo>> ${status} 0.01`

/** A cluster of these objects whose containers have this curl. `ran` lists what was run, as `pod/container url`. */
export const clusterOf = (objects: KubeObject[], curl: Curl): Cluster & { ran: string[] } => {
  const ran: string[] = []
  return {
    ran,
    fetch: async (request) => {
      const { pathname } = new URL(request.url)
      const [, , , ...rest] = pathname.split('/')
      const resource = rest.at(-1)
      const namespace = rest[0] === 'namespaces' && rest.length === 3 ? rest[1] : undefined
      const known = Object.entries(plurals)
      if (pathname === '/api/v1')
        return Response.json({
          resources: known.map(([kind, name]) => ({ kind, name, namespaced: kind !== 'Namespace' })),
        })
      const kind = known.find(([, name]) => name === resource)?.[0]
      if (kind === undefined || !pathname.startsWith('/api/v1/')) return Response.json({}, { status: 404 })
      const items = objects.filter(
        (each) => each.kind === kind && (namespace === undefined || each.metadata.namespace === namespace),
      )
      return Response.json({ kind: `${kind}List`, apiVersion: 'v1', metadata: {}, items })
    },
    exec: async (target, argv, streams) => {
      const url = argv.at(-1) ?? ''
      ran.push(`${target.pod}/${target.container} ${url}`)
      const [exitCode, stdout] = curl(target.pod, url, argv)
      streams.stdout(new TextEncoder().encode(stdout))
      return { exitCode }
    },
  }
}
