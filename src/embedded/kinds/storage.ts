/** PersistentVolumes, their claims, and StorageClasses: stored and shown, nothing binds them. */
import type { KubeObject } from '../../kube/api.ts'
import { sameJson } from '../apiserver/equality.ts'
import { ageColumn, nameColumn, text, wide } from './columns.ts'
import type { Column, FieldError, Kind } from './kind.ts'
import { canonicalQuantity, parseQuantity } from './quantity.ts'
import type { Quantities } from './types.ts'
import { forbidden, immutable, invalid, notSupported, required } from './validation/errors.ts'

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
    hostPath?: { path?: string; type?: string }
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
  parameters?: Record<string, string>
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

const policies = ['Delete', 'Recycle', 'Retain']
const volumeModes = ['Block', 'Filesystem']

const modeErrors = (spec: { accessModes?: string[] } | undefined): FieldError[] =>
  (spec?.accessModes ?? []).flatMap((mode) =>
    mode in shortModes ? [] : [notSupported('spec.accessModes', mode, Object.keys(shortModes))],
  )

const volumeModeErrors = (mode: string | undefined): FieldError[] =>
  mode === undefined || volumeModes.includes(mode) ? [] : [notSupported('spec.volumeMode', mode, volumeModes)]

/** What a PersistentVolume can be made of, in the server's order. */
const sources =
  'hostPath gcePersistentDisk awsElasticBlockStore glusterfs flocker nfs rbd quobyte cephfs iscsi cinder fc flexVolume azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk scaleIO local storageos csi'.split(
    ' ',
  )

const noCapacity: FieldError = {
  ...notSupported('spec.capacity', '', ['storage']),
  message: 'Unsupported value: null: supported values: "storage"',
}

const sourcesOf = (volume: KubeObject): Record<string, unknown> => {
  const spec = (volume.spec ?? {}) as Record<string, unknown>
  return Object.fromEntries(sources.flatMap((name) => (spec[name] === undefined ? [] : [[name, spec[name]]])))
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
    if (volume.spec.hostPath) volume.spec.hostPath.type ??= ''
    canonical(volume.spec.capacity)
    volume.status ??= {}
    volume.status.phase ??= 'Pending'
  },
  validate: (object, old) => {
    const { spec } = object as Volume
    const [source, ...more] = Object.keys(sourcesOf(object))
    const policy = spec?.persistentVolumeReclaimPolicy ?? 'Retain'
    const says = 'spec.persistentvolumesource is immutable after creation'
    return [
      ...(spec?.accessModes?.length ? [] : [required('spec.accessModes')]),
      ...modeErrors(spec),
      ...(Object.keys(spec?.capacity ?? {}).length > 0 ? [] : [required('spec.capacity')]),
      ...(spec?.capacity?.storage === undefined ? [noCapacity] : []),
      ...more.map((name) => forbidden(`spec.${name}`, 'may not specify more than 1 volume type')),
      ...(source ? [] : [required('spec', 'must specify a volume type')]),
      ...(policies.includes(policy) ? [] : [notSupported('spec.persistentVolumeReclaimPolicy', policy, policies)]),
      ...volumeModeErrors(spec?.volumeMode),
      ...(old && !sameJson(sourcesOf(object), sourcesOf(old)) ? [forbidden('spec.persistentvolumesource', says)] : []),
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
    // A claim grows only once it has its volume.
    const bound = (old as Claim | undefined)?.status?.phase === 'Bound'
    const fixed = (of: Claim['spec']) => ({
      ...of,
      volumeName: 0,
      ...(bound ? { resources: 0, volumeAttributesClassName: 0 } : {}),
    })
    const size = spec?.resources?.requests?.storage
    return [
      ...(spec?.accessModes?.length ? [] : [required('spec.accessModes', 'at least 1 access mode is required')]),
      ...modeErrors(spec),
      ...(size === undefined
        ? [required('spec.resources[storage]')]
        : (parseQuantity(size) ?? 1) <= 0
          ? [invalid('spec.resources[storage]', String(size), 'must be greater than zero')]
          : []),
      ...volumeModeErrors(spec?.volumeMode),
      ...(before && !sameJson(fixed(before), fixed(spec))
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

const bindingModes = ['Immediate', 'WaitForFirstConsumer']

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
  validate: (object, old) => {
    const { provisioner, parameters, reclaimPolicy: policy = '', volumeBindingMode: mode = '' } = object as StorageClass
    const before = old as StorageClass | undefined
    return [
      ...(provisioner ? [] : [required('provisioner')]),
      ...(['Delete', 'Retain'].includes(policy) ? [] : [notSupported('reclaimPolicy', policy, ['Delete', 'Retain'])]),
      ...(bindingModes.includes(mode) ? [] : [notSupported('volumeBindingMode', mode, bindingModes)]),
      ...(before ? immutable('parameters', parameters, before.parameters) : []),
      ...(before ? immutable('provisioner', provisioner, before.provisioner) : []),
      ...(before ? immutable('reclaimPolicy', policy, before.reclaimPolicy) : []),
      ...(before ? immutable('volumeBindingMode', mode, before.volumeBindingMode) : []),
    ]
  },
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
