/** What a container must look like. Follows core/validation, as far as learners meet it. */
import type { FieldError } from '../kind.ts'
import { parseQuantity } from '../quantity.ts'
import type { ContainerSpec, Probe, Volume } from '../types.ts'
import { duplicate, forbidden, invalid, nonNegative, notFound, notSupported, oneOf, required } from './errors.ts'
import { dnsLabel, envVarName, portName } from './names.ts'

const protocols = ['TCP', 'UDP', 'SCTP']
const range = 'must be between 1 and 65535, inclusive'

/** A number must be a port, a name the name of one. */
export const portErrors = (port: number | string | undefined, field: string): FieldError[] => {
  if (port === undefined) return [required(field)]
  if (typeof port === 'number') return port >= 1 && port <= 65535 ? [] : [invalid(field, port, range)]
  return portName(port).map((says) => invalid(field, port, says))
}

const ports = (container: ContainerSpec, field: string): FieldError[] => {
  const errors: FieldError[] = []
  const names = new Set<string>()
  ;(container.ports ?? []).forEach((port, index) => {
    const at = `${field}.ports[${index}]`
    if (port.name !== undefined && port.name !== '') {
      errors.push(...portName(port.name).map((says) => invalid(`${at}.name`, port.name, says)))
      if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name))
      names.add(port.name)
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`))
    else errors.push(...portErrors(port.containerPort, `${at}.containerPort`))
    if (port.hostPort) errors.push(...portErrors(port.hostPort, `${at}.hostPort`))
    errors.push(...oneOf(`${at}.protocol`, port.protocol, protocols))
  })
  return errors
}

const env = (container: ContainerSpec, field: string): FieldError[] =>
  (container.env ?? []).flatMap((variable, index) => {
    const at = `${field}.env[${index}]`
    const errors = variable.name
      ? envVarName(variable.name).map((says) => invalid(`${at}.name`, variable.name, says))
      : [required(`${at}.name`)]
    if (variable.valueFrom && variable.value) {
      errors.push(invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty'))
    }
    return errors
  })

const mounts = (container: ContainerSpec, volumes: Volume[], field: string): FieldError[] => {
  const errors: FieldError[] = []
  const paths = new Set<string>()
  ;(container.volumeMounts ?? []).forEach((mount, index) => {
    const at = `${field}.volumeMounts[${index}]`
    if (!mount.name) errors.push(required(`${at}.name`))
    else if (!volumes.some((volume) => volume.name === mount.name)) errors.push(notFound(`${at}.name`, mount.name))
    if (!mount.mountPath) errors.push(required(`${at}.mountPath`))
    else if (paths.has(mount.mountPath)) errors.push(invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'))
    if (mount.mountPath) paths.add(mount.mountPath)
  })
  return errors
}

const quantityFormat = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

const resources = (container: ContainerSpec, field: string): FieldError[] => {
  const errors: FieldError[] = []
  const { limits = {}, requests = {} } = container.resources ?? {}
  const check = (kind: 'limits' | 'requests', name: string, value: string | number) => {
    const amount = parseQuantity(value)
    const at = `${field}.resources.${kind}[${name}]`
    if (amount === undefined) errors.push(invalid(at, value, quantityFormat))
    else if (amount < 0) errors.push(invalid(at, String(value), 'must be greater than or equal to 0'))
    if (!/\//.test(name) && !/^(cpu|memory|ephemeral-storage|hugepages-.+)$/.test(name)) {
      errors.push(invalid(at, name, 'must be a standard resource for containers'))
    }
  }
  for (const [name, value] of Object.entries(limits)) check('limits', name, value)
  for (const [name, value] of Object.entries(requests)) {
    check('requests', name, value)
    const most = limits[name]
    const amount = parseQuantity(value) ?? 0
    if (most !== undefined && amount > (parseQuantity(most) ?? Number.POSITIVE_INFINITY)) {
      const says = `must be less than or equal to ${name} limit of ${most}`
      errors.push(invalid(`${field}.resources.requests`, String(value), says))
    }
  }
  return errors
}

const handlers = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const

const probe = (container: ContainerSpec, which: 'livenessProbe' | 'readinessProbe' | 'startupProbe', field: string) => {
  const given: Probe | undefined = container[which]
  if (!given) return []
  const at = `${field}.${which}`
  const errors: FieldError[] = []
  const set = handlers.filter((handler) => given[handler] !== undefined)
  if (set.length === 0) errors.push(required(at, 'must specify a handler type'))
  set.slice(1).forEach((handler) => {
    errors.push(forbidden(`${at}.${handler}`, 'may not specify more than 1 handler type'))
  })
  if (given.httpGet) {
    errors.push(...portErrors(given.httpGet.port, `${at}.httpGet.port`))
    if (!['HTTP', 'HTTPS'].includes(given.httpGet.scheme ?? 'HTTP')) {
      errors.push(notSupported(`${at}.httpGet.scheme`, given.httpGet.scheme, ['HTTP', 'HTTPS']))
    }
  }
  if (given.tcpSocket) errors.push(...portErrors(given.tcpSocket.port, `${at}.tcpSocket.port`))
  if (given.exec && (given.exec.command ?? []).length === 0) errors.push(required(`${at}.exec.command`))
  const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold']
  for (const name of numbers) errors.push(...nonNegative(`${at}.${name}`, given[name as 'timeoutSeconds']))
  if (which !== 'readinessProbe' && given.successThreshold !== undefined && given.successThreshold !== 1) {
    errors.push(invalid(`${at}.successThreshold`, given.successThreshold, 'must be 1'))
  }
  return errors
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never']

/**
 * All problems of a list of containers. `taken` holds the names used so far in the pod and is added to;
 * `init` says whether these are init containers, which have probes only as sidecars.
 */
export const containerErrors = (
  containers: ContainerSpec[],
  volumes: Volume[],
  field: string,
  taken: Set<string>,
  init = false,
): FieldError[] =>
  containers.flatMap((container, index) => {
    const at = `${field}[${index}]`
    const { name, image } = container
    const errors: FieldError[] = []
    if (!name) errors.push(required(`${at}.name`))
    else errors.push(...dnsLabel(name).map((says) => invalid(`${at}.name`, name, says)))
    if (name && taken.has(name)) errors.push(duplicate(`${at}.name`, name))
    if (name) taken.add(name)
    if (!image) errors.push(required(`${at}.image`))
    else if (image.trim() !== image) {
      errors.push(invalid(`${at}.image`, image, 'must not have leading or trailing whitespace'))
    }
    errors.push(...ports(container, at), ...env(container, at), ...mounts(container, volumes, at))
    errors.push(...oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, pullPolicies))
    errors.push(...resources(container, at))
    const sidecar = container.restartPolicy === 'Always'
    if (init && container.restartPolicy !== undefined && !sidecar) {
      errors.push(notSupported(`${at}.restartPolicy`, container.restartPolicy, ['Always']))
    }
    for (const which of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (init && !sidecar && container[which]) {
        errors.push(forbidden(`${at}.${which}`, 'must not be set for init containers without restartPolicy=Always'))
      } else errors.push(...probe(container, which, at))
    }
    return errors
  })
