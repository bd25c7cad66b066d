/** Gives every pod a ServiceAccount and its token. Follows plugin/pkg/admission/serviceaccount. */
import { randomInt } from 'node:crypto'
import type { AdmissionPlugin } from '../admission.ts'
import { forbidden } from '../apiserver/errors.ts'
import type { PodObject, PodSpec, ServiceAccountObject, Volume } from '../kinds/types.ts'
import type { Registry } from '../registry.ts'

const tokenPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const volumePrefix = 'kube-api-access-'
const serviceAccounts = { group: '', resource: 'serviceaccounts' }
const pods = { group: '', resource: 'pods' }
const letters = 'bcdfghjklmnpqrstvwxz2456789'

const suffix = (): string => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('')

/** A token that the kubelet renews, the cluster's CA, and the pod's namespace. */
const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 0o644,
  },
})

/** Mounts the token wherever nothing else is mounted at its path. */
const mountToken = (spec: PodSpec) => {
  const bare = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].filter(
    ({ volumeMounts = [] }) => !volumeMounts.some(({ mountPath }) => mountPath === tokenPath),
  )
  if (bare.length === 0) return
  const existing = spec.volumes?.find(({ name }) => name?.startsWith(volumePrefix))
  const name = existing?.name ?? `${volumePrefix}${suffix()}`
  for (const container of bare) {
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: tokenPath }]
  }
  if (!existing) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)]
}

export const serviceAccountPlugin = (registry: Registry): AdmissionPlugin => ({
  name: 'ServiceAccount',
  mutate: ({ operation, group, resource, subresource, object, namespace = '' }) => {
    if (operation !== 'CREATE' || group !== '' || resource !== 'pods' || subresource || !object) return
    const { spec, metadata } = object as PodObject
    // A mirror of a static pod is the kubelet's own.
    if (!spec || metadata.annotations?.['kubernetes.io/config.mirror']) return
    const name = spec.serviceAccountName || 'default'
    spec.serviceAccountName = name
    spec.serviceAccount = name
    const account = registry.get(serviceAccounts, name, namespace) as ServiceAccountObject | undefined
    if (!account) {
      const says = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`
      throw forbidden(pods, metadata.generateName || metadata.name, says)
    }
    if (spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true) mountToken(spec)
    const pullSecrets = account.imagePullSecrets ?? []
    const own = spec.imagePullSecrets as unknown[] | undefined
    if (!own?.length && pullSecrets.length > 0) spec.imagePullSecrets = structuredClone(pullSecrets)
  },
})
