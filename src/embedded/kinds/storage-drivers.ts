/** The drivers' side of storage, stored and shown: nothing here provisions or attaches volumes. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, integer, nameColumn, text } from './columns.ts'
import type { Column, Kind } from './kind.ts'
import { required } from './validation/errors.ts'

interface Driver extends KubeObject {
  driverName?: string
  spec?: {
    attachRequired?: boolean
    podInfoOnMount?: boolean
    storageCapacity?: boolean
    requiresRepublish?: boolean
    tokenRequests?: { audience?: string }[]
    volumeLifecycleModes?: string[]
    drivers?: unknown[]
    attacher?: string
    nodeName?: string
    source?: { persistentVolumeName?: string }
  }
  status?: { attached?: boolean }
}

const flag = (
  name: string,
  read: (spec: NonNullable<Driver['spec']>) => boolean | undefined,
  unset: boolean,
): Column => ({
  name,
  type: 'boolean',
  cell: (object) => read((object as Driver).spec ?? {}) ?? unset,
})

const kind = (name: string, resource: string, rest: Partial<Kind>): Kind => ({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: name,
  resource,
  singular: name.toLowerCase(),
  namespaced: false,
  goType: `storage/v1.${name}`,
  columns: [],
  ...rest,
})

export const storageDriverKinds: Kind[] = [
  kind('CSIDriver', 'csidrivers', {
    setDefaults: (object) => {
      const driver = object as Driver
      driver.spec = {
        ...driver.spec,
        attachRequired: driver.spec?.attachRequired ?? true,
        podInfoOnMount: driver.spec?.podInfoOnMount ?? false,
        storageCapacity: driver.spec?.storageCapacity ?? false,
        requiresRepublish: driver.spec?.requiresRepublish ?? false,
        volumeLifecycleModes: driver.spec?.volumeLifecycleModes ?? ['Persistent'],
      }
    },
    columns: [
      nameColumn,
      flag('AttachRequired', ({ attachRequired }) => attachRequired, true),
      flag('PodInfoOnMount', ({ podInfoOnMount }) => podInfoOnMount, false),
      flag('StorageCapacity', ({ storageCapacity }) => storageCapacity, false),
      text<Driver>('TokenRequests', ({ spec }) =>
        spec?.tokenRequests ? spec.tokenRequests.map(({ audience }) => audience).join(',') : '<unset>',
      ),
      flag('RequiresRepublish', ({ requiresRepublish }) => requiresRepublish, false),
      text<Driver>('Modes', ({ spec }) => spec?.volumeLifecycleModes?.join(',') ?? '<none>'),
      ageColumn,
    ],
  }),
  kind('CSINode', 'csinodes', {
    columns: [nameColumn, integer<Driver>('Drivers', ({ spec }) => spec?.drivers?.length ?? 0), ageColumn],
  }),
  kind('VolumeAttachment', 'volumeattachments', {
    status: true,
    validate: (object) => ((object as Driver).spec?.attacher ? [] : [required('spec.attacher')]),
    columns: [
      nameColumn,
      text<Driver>('Attacher', ({ spec }) => spec?.attacher ?? ''),
      text<Driver>('PV', ({ spec }) => spec?.source?.persistentVolumeName ?? ''),
      text<Driver>('Node', ({ spec }) => spec?.nodeName ?? ''),
      { name: 'Attached', type: 'boolean', cell: (object) => (object as Driver).status?.attached ?? false },
      ageColumn,
    ],
  }),
  kind('VolumeAttributesClass', 'volumeattributesclasses', {
    shortNames: ['vac'],
    validate: (object) => ((object as Driver).driverName ? [] : [required('driverName')]),
    columns: [nameColumn, text<Driver>('DriverName', ({ driverName }) => driverName ?? ''), ageColumn],
  }),
]
