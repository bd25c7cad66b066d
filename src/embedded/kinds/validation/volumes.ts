/**
 * Volumes of a pod and where its containers mount them. Follows core/validation's ValidateVolumes and
 * ValidateVolumeMounts. Not modelled: the fields of volumes that clouds and storage vendors offer.
 */
import type { FieldError } from '../kind.ts'
import { parseQuantity } from '../quantity.ts'
import type { ContainerSpec, Volume } from '../types.ts'
import { downward, type FieldRef, fieldRefErrors, type ResourceRef, resourceRefErrors } from './env.ts'
import { complaints, duplicate, forbidden, invalid, notFound, notSupported, required } from './errors.ts'
import { descendingPath, dnsLabel, noBacksteps } from './names.ts'

interface Item {
  key?: string
  path?: string
  mode?: number
  fieldRef?: FieldRef
  resourceFieldRef?: ResourceRef
}

interface Source {
  name?: string
  secretName?: string
  claimName?: string
  path?: string
  server?: string
  type?: string
  sizeLimit?: string | number
  defaultMode?: number
  items?: Item[]
  sources?: Projected[]
}

interface Projected {
  secret?: Source
  configMap?: Source
  downwardAPI?: Source
  serviceAccountToken?: { path?: string; expirationSeconds?: number }
  [other: string]: unknown
}

/** The order in which the server looks for them: the first is taken, the rest are too many. */
const kinds =
  'emptyDir hostPath gitRepo gcePersistentDisk awsElasticBlockStore secret nfs iscsi glusterfs flocker persistentVolumeClaim rbd cinder cephfs quobyte downwardAPI fc flexVolume configMap azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk storageos projected scaleIO csi ephemeral image'.split(
    ' ',
  )

const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]

const modeErrors = (mode: number | undefined, field: string): FieldError[] =>
  mode === undefined || (mode >= 0 && mode <= 0o777)
    ? []
    : [invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]

/** Names that begin with two dots are the kubelet's own. */
const localPath = (path: string): string[] => {
  const says = descendingPath(path)
  return path.startsWith('..') && !path.startsWith('../') && path !== '..'
    ? [...says, "must not start with '..'"]
    : says
}

const itemErrors = ({ key, path = '', mode }: Item, at: string): FieldError[] => [
  ...(key ? [] : [required(`${at}.key`)]),
  ...(path ? [] : [required(`${at}.path`)]),
  ...complaints(`${at}.path`, path, localPath),
  ...modeErrors(mode, `${at}.mode`),
]

/** All items of a file report at the volume itself: so does upstream. */
const downwardErrors = (items: readonly Item[], at: string): FieldError[] =>
  items.flatMap(({ path = '', fieldRef, resourceFieldRef, mode }) => {
    const errors = path ? complaints(`${at}.path`, path, localPath) : [required(`${at}.path`)]
    if (fieldRef) errors.push(...fieldRefErrors(fieldRef, downward.volume, `${at}.fieldRef`))
    if (fieldRef && resourceFieldRef) {
      errors.push(invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
    } else if (resourceFieldRef) errors.push(...resourceRefErrors(resourceFieldRef, `${at}.resourceFieldRef`, true))
    else if (!fieldRef) errors.push(required(at, 'one of fieldRef and resourceFieldRef is required'))
    return [...errors, ...modeErrors(mode, `${at}.mode`)]
  })

const itemsErrors = (items: readonly Item[], at: string): FieldError[] =>
  items.flatMap((item, index) => itemErrors(item, `${at}.items[${index}]`))

const projectedErrors = (source: Source, at: string): FieldError[] => {
  const errors = modeErrors(source.defaultMode, `${at}.defaultMode`)
  const paths = new Set<string>()
  const taken = (items: readonly Item[] | undefined, shown: (item: Item) => string | undefined) => {
    for (const item of items ?? []) {
      if (item.path && paths.has(item.path)) errors.push(invalid(at, shown(item), 'conflicting duplicate paths'))
      if (item.path) paths.add(item.path)
    }
  }
  ;(source.sources ?? []).forEach((from, index) => {
    const here = `${at}.sources[${index}]`
    for (const kind of ['secret', 'configMap'] as const) {
      const given = from[kind]
      if (!given) continue
      if (!given.name) errors.push(required(`${here}.${kind}.name`))
      errors.push(...itemsErrors(given.items ?? [], `${here}.${kind}`))
      taken(given.items, () => given.name)
    }
    if (from.downwardAPI) {
      errors.push(...downwardErrors(from.downwardAPI.items ?? [], `${here}.downwardAPI`))
      taken(from.downwardAPI.items, ({ path }) => path)
    }
    const token = from.serviceAccountToken
    if (token) {
      const seconds = token.expirationSeconds ?? 0
      const field = `${here}.serviceAccountToken.expirationSeconds`
      if (seconds < 600) errors.push(invalid(field, seconds, 'may not specify a duration less than 10 minutes'))
      if (seconds > 2 ** 32) {
        errors.push(invalid(field, seconds, 'may not specify a duration larger than 2^32 seconds'))
      }
      if (token.path) errors.push(...complaints(`${at}.path`, token.path, localPath))
      else errors.push(required(`${at}.path`))
    }
    const given = Object.values(from).filter((one) => one !== undefined && one !== null).length
    if (given > 1) errors.push(forbidden(here, 'may not specify more than 1 volume type per source'))
  })
  return errors
}

const sourceErrors = (kind: string, source: Source, at: string): FieldError[] => {
  switch (kind) {
    case 'hostPath':
      if (!source.path) return [required(`${at}.path`)]
      return [
        ...complaints(`${at}.path`, source.path, noBacksteps),
        ...(hostPathTypes.includes(source.type ?? '') ? [] : [notSupported(`${at}.type`, source.type, hostPathTypes)]),
      ]
    case 'secret':
    case 'configMap': {
      const [name, value] = kind === 'secret' ? ['secretName', source.secretName] : ['name', source.name]
      return [
        ...(value ? [] : [required(`${at}.${name}`)]),
        ...modeErrors(source.defaultMode, `${at}.defaultMode`),
        ...itemsErrors(source.items ?? [], at),
      ]
    }
    case 'persistentVolumeClaim':
      return source.claimName ? [] : [required(`${at}.claimName`)]
    case 'nfs':
      return [
        ...(source.server ? [] : [required(`${at}.server`)]),
        ...(source.path ? [] : [required(`${at}.path`)]),
        ...(source.path && !source.path.startsWith('/')
          ? [invalid(`${at}.path`, source.path, 'must be an absolute path')]
          : []),
      ]
    case 'downwardAPI':
      return [...modeErrors(source.defaultMode, `${at}.defaultMode`), ...downwardErrors(source.items ?? [], at)]
    case 'projected':
      return projectedErrors(source, at)
    default:
      return []
  }
}

export const volumeErrors = (volumes: readonly Volume[], field: string): FieldError[] => {
  const names = new Set<string>()
  return volumes.flatMap((volume, index) => {
    const at = `${field}[${index}]`
    const errors: FieldError[] = []
    const given = kinds.filter((kind) => volume[kind] !== undefined && volume[kind] !== null)
    const [first, ...more] = given
    const size = (volume.emptyDir as Source | undefined)?.sizeLimit
    if (size !== undefined && (parseQuantity(size) ?? 0) < 0) {
      errors.push(forbidden(`${at}.emptyDir.sizeLimit`, 'SizeLimit field must be a valid resource quantity'))
    }
    if (first) errors.push(...sourceErrors(first, volume[first] as Source, `${at}.${first}`))
    else errors.push(required(at, 'must specify a volume type'))
    errors.push(...more.map((kind) => forbidden(`${at}.${kind}`, 'may not specify more than 1 volume type')))
    const { name } = volume
    if (!name) errors.push(required(`${at}.name`))
    else {
      errors.push(...complaints(`${at}.name`, name, dnsLabel))
      if (names.has(name)) errors.push(duplicate(`${at}.name`, name))
      names.add(name)
    }
    return errors
  })
}

const propagations = ['Bidirectional', 'HostToContainer', 'None']

/** The errors about paths inside a volume name the list, not its item: so does upstream. */
export const mountErrors = (container: ContainerSpec, volumes: readonly Volume[], field: string): FieldError[] => {
  const paths = new Set<string>()
  return (container.volumeMounts ?? []).flatMap((mount, index) => {
    const at = `${field}[${index}]`
    const { name = '', mountPath = '', subPath = '', subPathExpr = '', mountPropagation: propagation } = mount
    const errors: FieldError[] = []
    if (!name) errors.push(required(`${at}.name`))
    if (!volumes.some((volume) => volume.name === name)) errors.push(notFound(`${at}.name`, name))
    if (!mountPath) errors.push(required(`${at}.mountPath`))
    if (paths.has(mountPath)) errors.push(invalid(`${at}.mountPath`, mountPath, 'must be unique'))
    paths.add(mountPath)
    errors.push(...complaints(`${field}.subPath`, subPath, descendingPath))
    if (subPath && subPathExpr) {
      errors.push(invalid(`${at}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
    }
    errors.push(...complaints(`${field}.subPathExpr`, subPathExpr, descendingPath))
    if (propagation !== undefined && !propagations.includes(propagation)) {
      errors.push(notSupported(`${field}.mountPropagation`, propagation, propagations))
    }
    const { privileged } = (container.securityContext ?? {}) as { privileged?: boolean }
    if (propagation === 'Bidirectional' && !privileged) {
      const says = 'Bidirectional mount propagation is available only to privileged containers'
      errors.push(forbidden(`${field}.mountPropagation`, says))
    }
    return errors
  })
}
