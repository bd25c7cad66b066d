/** `@kubernetes/client-node` in the contract's terms. */
import { PassThrough } from 'node:stream'
import {
  ApiException,
  AppsV1Api,
  AuthorizationV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  Log,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1Status,
} from '@kubernetes/client-node'
import type { KubeObject } from '../../src/kube/api.ts'
import type { ContractClient, Seen } from './client.ts'

const strategies = {
  merge: PatchStrategy.MergePatch,
  strategic: PatchStrategy.StrategicMergePatch,
}

/** Its types say that every field may be missing. */
const kube = (object: KubernetesObject): KubeObject => object as unknown as KubeObject
/** Its dates are `Date`s; it sends strings as they are. */
const typed = (object: KubeObject): KubernetesObject => object as unknown as KubernetesObject

export function clientNode(kubeconfig: string): ContractClient {
  const config = new KubeConfig()
  config.loadFromString(kubeconfig)
  const objects = KubernetesObjectApi.makeApiClient(config)
  const apps = config.makeApiClient(AppsV1Api)
  const core = config.makeApiClient(CoreV1Api)
  const refOf = ({ apiVersion, kind, metadata }: KubeObject) => ({
    apiVersion,
    kind,
    metadata: { name: metadata.name, namespace: 'default' },
  })
  return {
    create: async (object) => kube(await objects.create(typed(object))),
    get: async (apiVersion, kind, name) =>
      kube(await objects.read({ apiVersion, kind, metadata: { name, namespace: 'default' } })),
    async list(apiVersion, kind, labelSelector) {
      const { items } = await objects.list(
        apiVersion,
        kind,
        'default',
        undefined,
        undefined,
        undefined,
        undefined,
        labelSelector,
      )
      return items.map(kube)
    },
    replace: async (object) => kube(await objects.replace(typed(object))),
    async patch(object, type, body) {
      // A list cannot name the object that it patches: the typed client does.
      if (type === 'json') {
        const { name } = object.metadata
        const asJsonPatch = setHeaderOptions('Content-Type', PatchStrategy.JsonPatch)
        return kube(await apps.patchNamespacedDeployment({ name, namespace: 'default', body }, asJsonPatch))
      }
      const { metadata, ...rest } = body as Partial<KubeObject>
      const ref = refOf(object)
      const spec = { ...rest, ...ref, metadata: { ...metadata, ...ref.metadata } }
      return kube(await objects.patch(typed(spec), undefined, undefined, undefined, undefined, strategies[type]))
    },
    apply: async (object, manager, force) =>
      kube(await objects.patch(typed(object), undefined, undefined, manager, force, PatchStrategy.ServerSideApply)),
    delete: async (object) => {
      await objects.delete(refOf(object))
    },
    async watch(labelSelector, onEvent) {
      const path = '/api/v1/namespaces/default/configmaps'
      const list = () => core.listNamespacedConfigMap({ namespace: 'default', labelSelector })
      const informer = makeInformer(config, path, list, labelSelector)
      const tell = (type: Seen['type']) => (object: KubernetesObject) => onEvent({ type, object: kube(object) })
      informer.on('add', tell('ADDED'))
      informer.on('update', tell('MODIFIED'))
      informer.on('delete', tell('DELETED'))
      await informer.start()
      return () => void informer.stop()
    },
    async exec(pod, command, stdin) {
      const out = new PassThrough()
      const input = new PassThrough()
      input.end(stdin)
      const status = await new Promise<V1Status>((resolve, reject) => {
        new Exec(config).exec('default', pod, 'main', command, out, null, input, false, resolve).catch(reject)
      })
      const exitCode = status.status === 'Success' ? 0 : Number(status.details?.causes?.[0]?.message)
      return { stdout: String(out.read() ?? ''), exitCode }
    },
    async logs(pod) {
      const out = new PassThrough()
      const ended = out.toArray()
      await new Log(config).log('default', pod, 'main', out)
      return Buffer.concat(await ended).toString()
    },
    async canI(verb, resource) {
      const spec = { resourceAttributes: { verb, resource, namespace: 'default' } }
      const { status } = await config
        .makeApiClient(AuthorizationV1Api)
        .createSelfSubjectAccessReview({ body: { spec } })
      return status?.allowed ?? false
    },
    refusal(error) {
      if (!(error instanceof ApiException)) throw error
      const { reason = '' } = (typeof error.body === 'string' ? JSON.parse(error.body) : error.body) as V1Status
      return { code: error.code, reason }
    },
  }
}
