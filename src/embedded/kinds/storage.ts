/** PersistentVolumes, their claims, and StorageClasses: stored and shown, nothing binds them. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, nameColumn, text, wide } from './columns.ts'
import type { Column, Kind } from './kind.ts'
import { canonicalQuantity } from './quantity.ts'
import type { Quantities } from './types.ts'
import { forbidden, required } from './validation/errors.ts'

interface Claim extends KubeObject {
  spec?: {
    accessModes?: string[]
    resources?: { requests?: Quantities }
    storageClassName?: string
    volumeAttributesClassName?: string
    volumeMode?: string
    volumeName?: string
  }
  status?: { phase?: string; capacity?: Quantities; accessModes?: string[] }
}

interface Volume extends KubeObject {
  spec?: {
    accessModes?: string[]
    capacity?: Quantities
    claimRef?: { namespace?: string; name?: string }
    persistentVolumeReclaimPolicy?: string
    storageClassName?: string
    volumeAttributesClassName?: string
    volumeMode?: string
  }
  status?: { phase?: string; reason?: string }
}

interface StorageClass extends KubeObject {
  provisioner?: string
  reclaimPolicy?: string
  volumeBindingMode?: string
  allowVolumeExpansion?: boolean
}

const shortModes: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

const modes = (given: string[] | undefined): string =>
  Object.entries(shortModes)
    .filter(([mode]) => given?.includes(mode))
    .map(([, short]) => short)
    .join(',')

const canonical = (quantities: Quantities | undefined) => {
  for (const [name, value] of Object.entries(quantities ?? {})) {
    if (quantities) quantities[name] = canonicalQuantity(value)
  }
}

const storage = (quantities: Quantities | undefined): string => String(quantities?.storage ?? '')
const volumeMode: Column = wide(text<Volume>('VolumeMode', ({ spec }) => spec?.volumeMode ?? '<unset>'))
const attributesClass: Column = text<Volume>(
  'VolumeAttributesClass',
  ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>',
)

export const persistentVolumeKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  resource: 'persistentvolumes',
  singular: 'persistentvolume',
  shortNames: ['pv'],
  namespaced: false,
  goType: 'core/v1.PersistentVolume',
  status: true,
  deleteReturnsObject: true,
  setDefaults: (object) => {
    const volume = object as Volume
    volume.spec ??= {}
    volume.spec.persistentVolumeReclaimPolicy ??= 'Retain'
    volume.spec.volumeMode ??= 'Filesystem'
    canonical(volume.spec.capacity)
    volume.status ??= {}
    volume.status.phase ??= 'Pending'
  },
  validate: (object) => {
    const { spec } = object as Volume
    return [
      ...(spec?.accessModes?.length ? [] : [required('spec.accessModes')]),
      ...(Object.keys(spec?.capacity ?? {}).length > 0 ? [] : [required('spec.capacity')]),
    ]
  },
  columns: [
    nameColumn,
    text<Volume>('Capacity', ({ spec }) => storage(spec?.capacity)),
    text<Volume>('Access Modes', ({ spec }) => modes(spec?.accessModes)),
    text<Volume>('Reclaim Policy', ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ''),
    text<Volume>('Status', ({ status, metadata }) =>
      metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    ),
    text<Volume>('Claim', ({ spec }) =>
      spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
    ),
    text<Volume>('StorageClass', ({ spec }) => spec?.storageClassName ?? ''),
    attributesClass,
    text<Volume>('Reason', ({ status }) => status?.reason ?? ''),
    ageColumn,
    volumeMode,
  ],
}

export const persistentVolumeClaimKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  resource: 'persistentvolumeclaims',
  singular: 'persistentvolumeclaim',
  shortNames: ['pvc'],
  namespaced: true,
  goType: 'core/v1.PersistentVolumeClaim',
  status: true,
  deleteReturnsObject: true,
  setDefaults: (object) => {
    const claim = object as Claim
    claim.spec ??= {}
    claim.spec.volumeMode ??= 'Filesystem'
    canonical(claim.spec.resources?.requests)
    claim.status ??= {}
    claim.status.phase ??= 'Pending'
  },
  validate: (object, old) => {
    const { spec } = object as Claim
    const before = (old as Claim | undefined)?.spec
    const fixed = (of: Claim['spec']) =>
      JSON.stringify({ ...of, resources: 0, volumeName: 0, volumeAttributesClassName: 0 })
    return [
      ...(spec?.accessModes?.length ? [] : [required('spec.accessModes', 'at least 1 access mode is required')]),
      ...(spec?.resources?.requests?.storage ? [] : [required('spec.resources[storage]')]),
      ...(before && fixed(before) !== fixed(spec)
        ? [
            forbidden(
              'spec',
              'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
            ),
          ]
        : []),
    ]
  },
  columns: [
    nameColumn,
    text<Claim>('Status', ({ status, metadata }) =>
      metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
    ),
    text<Claim>('Volume', ({ spec }) => spec?.volumeName ?? ''),
    text<Claim>('Capacity', ({ spec, status }) => (spec?.volumeName ? storage(status?.capacity) : '')),
    text<Claim>('Access Modes', ({ spec, status }) => (spec?.volumeName ? modes(status?.accessModes) : '')),
    text<Claim>('StorageClass', ({ spec }) => spec?.storageClassName ?? ''),
    attributesClass,
    ageColumn,
    volumeMode,
  ],
}

export const storageClassKind: Kind = {
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  resource: 'storageclasses',
  singular: 'storageclass',
  shortNames: ['sc'],
  namespaced: false,
  goType: 'storage/v1.StorageClass',
  setDefaults: (object) => {
    const storageClass = object as StorageClass
    storageClass.reclaimPolicy ??= 'Delete'
    storageClass.volumeBindingMode ??= 'Immediate'
  },
  validate: (object) => ((object as StorageClass).provisioner ? [] : [required('provisioner')]),
  columns: [
    {
      ...nameColumn,
      cell: ({ metadata }) =>
        metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
          ? `${metadata.name} (default)`
          : metadata.name,
    },
    text<StorageClass>('Provisioner', ({ provisioner }) => provisioner ?? ''),
    text<StorageClass>('ReclaimPolicy', ({ reclaimPolicy }) => reclaimPolicy ?? ''),
    text<StorageClass>('VolumeBindingMode', ({ volumeBindingMode }) => volumeBindingMode ?? ''),
    text<StorageClass>('AllowVolumeExpansion', ({ allowVolumeExpansion }) => String(allowVolumeExpansion ?? false)),
    ageColumn,
  ],
}
