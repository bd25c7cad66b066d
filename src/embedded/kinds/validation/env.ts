/** Where a container's environment comes from. Follows core/validation's ValidateEnv and ValidateEnvFrom. */
import type { FieldError } from '../kind.ts'
import { complaints, invalid, notSupported, required } from './errors.ts'
import { dnsSubdomain, envVarName, qualifiedName } from './names.ts'

interface KeyRef {
  name?: string
  key?: string
}

export interface FieldRef {
  apiVersion?: string
  fieldPath?: string
}

export interface ResourceRef {
  containerName?: string
  resource?: string
  divisor?: string | number
}

export interface EnvVar {
  name?: string
  value?: string
  valueFrom?: {
    fieldRef?: FieldRef
    resourceFieldRef?: ResourceRef
    configMapKeyRef?: KeyRef
    secretKeyRef?: KeyRef
    fileKeyRef?: unknown
  }
}

export interface EnvFrom {
  prefix?: string
  configMapRef?: { name?: string }
  secretRef?: { name?: string }
}

/** What a pod tells its containers of itself, by variable and by file. */
export const downward = {
  env: [
    'metadata.name',
    'metadata.namespace',
    'metadata.uid',
    'spec.nodeName',
    'spec.serviceAccountName',
    'status.hostIP',
    'status.hostIPs',
    'status.podIP',
    'status.podIPs',
  ],
  volume: ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'],
}

/** Field paths that can be converted at all; which of them are offered depends on the place. */
const known = new Set([...downward.env, ...downward.volume, 'spec.restartPolicy', 'spec.schedulerName', 'status.phase'])
const subscripted = /^(.+)\['(.*)'\]$/

export const fieldRefErrors = (ref: FieldRef, offered: readonly string[], field: string): FieldError[] => {
  const path = ref.fieldPath
  if (!ref.apiVersion) return [required(`${field}.apiVersion`)]
  if (!path) return [required(`${field}.fieldPath`)]
  const [, whole = path, subscript] = subscripted.exec(path) ?? []
  if (ref.apiVersion !== 'v1') {
    return [
      invalid(`${field}.fieldPath`, path, `error converting fieldPath: unsupported pod version: ${ref.apiVersion}`),
    ]
  }
  if (subscript !== undefined) {
    if (whole === 'metadata.annotations') return complaints(field, subscript.toLowerCase(), qualifiedName)
    if (whole === 'metadata.labels') return complaints(field, subscript, qualifiedName)
    return [
      invalid(
        `${field}.fieldPath`,
        path,
        `error converting fieldPath: field label does not support subscript: ${whole}`,
      ),
    ]
  }
  if (!known.has(path)) {
    return [invalid(`${field}.fieldPath`, path, `error converting fieldPath: field label not supported: ${path}`)]
  }
  return offered.includes(path) ? [] : [notSupported(`${field}.fieldPath`, path, offered)]
}

const resources = ['cpu', 'ephemeral-storage', 'memory'].flatMap((name) => [`limits.${name}`, `requests.${name}`])
const divisors: Record<string, readonly string[]> = {
  cpu: ['1m', '1'],
  other: ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'],
}

/** `needsContainer`: a file of the downward API says whose resources it holds. */
export const resourceRefErrors = (ref: ResourceRef, field: string, needsContainer = false): FieldError[] => {
  const { resource = '', divisor = '0' } = ref
  const errors: FieldError[] = []
  if (needsContainer && !ref.containerName) errors.push(required(`${field}.containerName`))
  else if (!resource) errors.push(required(`${field}.resource`))
  else if (!resources.includes(resource) && !/^(limits|requests)\.hugepages-/.test(resource)) {
    errors.push(notSupported(`${field}.resource`, resource, resources))
  }
  const [kind, allowed] = resource.endsWith('.cpu') ? ['cpu', divisors.cpu!] : [resource, divisors.other!]
  if (String(divisor) !== '0' && resources.includes(resource) && !allowed.includes(String(divisor))) {
    const says = kind === 'cpu' ? "only divisor's values 1m and 1 are supported with the cpu resource" : undefined
    const unit = `only divisor's values ${allowed.join(', ')} are supported with the ${kind.split('.')[1]} resource`
    errors.push(invalid(`${field}.divisor`, resource, says ?? unit))
  }
  return errors
}

const keyRefErrors = (ref: KeyRef, field: string): FieldError[] => [
  ...complaints(`${field}.name`, ref.name ?? '', dnsSubdomain),
  ...(ref.key ? [] : [required(`${field}.key`)]),
]

const sources = '`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`'

const valueFromErrors = (variable: EnvVar, field: string): FieldError[] => {
  const from = variable.valueFrom
  if (!from) return []
  const given = Object.values(from).filter((source) => source !== undefined && source !== null).length
  const errors = [
    ...(from.fieldRef ? fieldRefErrors(from.fieldRef, downward.env, `${field}.fieldRef`) : []),
    ...(from.resourceFieldRef ? resourceRefErrors(from.resourceFieldRef, `${field}.resourceFieldRef`) : []),
    ...(from.configMapKeyRef ? keyRefErrors(from.configMapKeyRef, `${field}.configMapKeyRef`) : []),
    ...(from.secretKeyRef ? keyRefErrors(from.secretKeyRef, `${field}.secretKeyRef`) : []),
  ]
  if (given === 0) errors.push(invalid(field, '', `must specify one of: ${sources}`))
  else if (variable.value) errors.push(invalid(field, '', 'may not be specified when `value` is not empty'))
  else if (given > 1) errors.push(invalid(field, '', 'may not have more than one field specified at a time'))
  return errors
}

export const envErrors = (variables: readonly EnvVar[], field: string): FieldError[] =>
  variables.flatMap((variable, index) => {
    const at = `${field}[${index}]`
    const name = variable.name ?? ''
    return [
      ...(name ? complaints(`${at}.name`, name, envVarName) : [required(`${at}.name`)]),
      ...valueFromErrors(variable, `${at}.valueFrom`),
    ]
  })

/** The two errors about the choice of a source name the list, not its item: so does upstream. */
export const envFromErrors = (sets: readonly EnvFrom[], field: string): FieldError[] =>
  sets.flatMap((set, index) => {
    const at = `${field}[${index}]`
    const errors = set.prefix ? complaints(`${at}.prefix`, set.prefix, envVarName) : []
    const kinds = (['configMapRef', 'secretRef'] as const).filter((kind) => set[kind])
    for (const kind of kinds) {
      const name = set[kind]?.name
      errors.push(...(name ? complaints(`${at}.${kind}.name`, name, dnsSubdomain) : [required(`${at}.${kind}.name`)]))
    }
    if (kinds.length === 0) errors.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'))
    if (kinds.length > 1) errors.push(invalid(field, '', 'may not have more than one field specified at a time'))
    return errors
  })
