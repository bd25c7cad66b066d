/** The program's own client in the contract's terms, over any cluster. */
import type { Cluster, KubeObject, ObjectRef, Status } from '../../src/kube/api.ts'
import { createClient } from '../../src/kube/client.ts'
import { StatusError } from '../../src/kube/errors.ts'
import { readJson } from '../../src/kube/responses.ts'
import type { ContractClient } from './client.ts'

const refOf = ({ apiVersion, kind, metadata }: KubeObject): ObjectRef => ({
  apiVersion,
  kind,
  namespace: 'default',
  name: metadata.name,
})

export function kubeClient(cluster: Cluster): ContractClient {
  const client = createClient(cluster)
  return {
    create: (object) => client.create(object),
    get: (apiVersion, kind, name) => client.get({ apiVersion, kind, namespace: 'default', name }),
    list: async (apiVersion, kind, labelSelector) =>
      (await client.list({ apiVersion, kind }, { namespace: 'default', labelSelector })).items,
    replace: (object) => client.replace(object),
    patch: (object, type, body) => client.patch(refOf(object), type, body),
    async apply(object, manager, force) {
      const { group, version, resource } = await client.resourceOf(object)
      const root = group ? `apis/${group}/${version}` : `api/${version}`
      const url = `http://cluster/${root}/namespaces/default/${resource}/${object.metadata.name}?fieldManager=${manager}&force=${force}`
      const headers = { 'content-type': 'application/apply-patch+yaml' }
      return readJson(await cluster.fetch(new Request(url, { method: 'PATCH', headers, body: JSON.stringify(object) })))
    },
    delete: (object) => client.delete(refOf(object)),
    async watch(labelSelector, onEvent) {
      const watch = client.watch(
        { apiVersion: 'v1', kind: 'ConfigMap' },
        {
          namespace: 'default',
          labelSelector,
          onEvent: ({ type, object }) => onEvent({ type: type as 'ADDED', object }),
        },
      )
      await watch.synced
      return watch.stop
    },
    async exec(pod, command, stdin) {
      let stdout = ''
      const { exitCode } = await cluster.exec({ namespace: 'default', pod }, command, {
        stdin: (async function* () {
          yield new TextEncoder().encode(stdin)
        })(),
        stdout: (chunk) => {
          stdout += new TextDecoder().decode(chunk)
        },
        stderr: () => {},
      })
      return { stdout, exitCode }
    },
    logs: (pod) => client.logs({ namespace: 'default', pod }),
    async canI(verb, resource) {
      const url = 'http://cluster/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
      const spec = { resourceAttributes: { verb, resource, namespace: 'default' } }
      const body = JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec })
      const headers = { 'content-type': 'application/json' }
      const review = await readJson<{ status: { allowed: boolean } }>(
        await cluster.fetch(new Request(url, { method: 'POST', headers, body })),
      )
      return review.status.allowed
    },
    refusal(error) {
      if (!(error instanceof StatusError)) throw error
      const { code = 0, reason = '' } = error.status as Status
      return { code, reason }
    },
  }
}
