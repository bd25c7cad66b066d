/** A claim without a class gets the default one, the newest if there are several: kubernetes/kubernetes plugin/pkg/admission/storage/storageclass/setdefault. */
import type { KubeObject } from '../../kube/api.ts'
import type { AdmissionPlugin } from '../admission.ts'
import type { Registry } from '../registry.ts'

const storageClasses = { group: 'storage.k8s.io', resource: 'storageclasses' }
const isDefault = 'storageclass.kubernetes.io/is-default-class'

export const defaultStorageClassPlugin = (registry: Registry): AdmissionPlugin => ({
  name: 'DefaultStorageClass',
  mutate: ({ operation, group, resource, subresource, object }) => {
    if (operation !== 'CREATE' || group !== '' || resource !== 'persistentvolumeclaims' || subresource || !object)
      return
    const spec = object.spec as { storageClassName?: string } | undefined
    if (!spec || spec.storageClassName !== undefined) return
    const created = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? ''
    const [newest] = registry
      .list(storageClasses, { where: ({ metadata }) => metadata.annotations?.[isDefault] === 'true' })
      .sort((a, b) => (created(a) < created(b) ? 1 : -1))
    if (newest) spec.storageClassName = newest.metadata.name
  },
})
