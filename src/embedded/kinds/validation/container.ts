/** What a container must look like. Follows core/validation's validateContainerCommon and its callers. */
import type { FieldError } from '../kind.ts'
import type { ContainerSpec, PodSpec } from '../types.ts'
import { envErrors, envFromErrors } from './env.ts'
import { complaints, duplicate, forbidden, notListed, notSupported, oneOf, required } from './errors.ts'
import { dnsLabel, portName } from './names.ts'
import { portErrors } from './ports.ts'
import { handlerErrors, probeErrors, probeNames } from './probes.ts'
import { resourceErrors } from './resources.ts'
import { securityContextErrors } from './security-context.ts'
import { mountErrors } from './volumes.ts'

const protocols = ['TCP', 'UDP', 'SCTP']

const containerPortErrors = (container: ContainerSpec, field: string): FieldError[] => {
  const names = new Set<string>()
  return (container.ports ?? []).flatMap((port, index) => {
    const at = `${field}[${index}]`
    const errors = port.name ? complaints(`${at}.name`, port.name, portName) : []
    if (port.name && errors.length === 0) {
      if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name))
      names.add(port.name)
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`))
    else errors.push(...portErrors(port.containerPort, `${at}.containerPort`))
    if (port.hostPort) errors.push(...portErrors(port.hostPort, `${at}.hostPort`))
    return [...errors, ...oneOf(`${at}.protocol`, port.protocol, protocols)]
  })
}

const pullPolicies = ['Always', 'IfNotPresent', 'Never']
const messagePolicies = ['File', 'FallbackToLogsOnError']

const commonErrors = (container: ContainerSpec, spec: PodSpec, at: string): FieldError[] => {
  const { name, image } = container
  const messages = container.terminationMessagePolicy ?? 'File'
  return [
    ...(name ? complaints(`${at}.name`, name, dnsLabel) : [required(`${at}.name`)]),
    ...(image ? [] : [required(`${at}.image`)]),
    ...(messagePolicies.includes(messages)
      ? []
      : [notListed(`${at}.terminationMessagePolicy`, messages, messagePolicies)]),
    ...containerPortErrors(container, `${at}.ports`),
    ...envErrors(container.env ?? [], `${at}.env`),
    ...envFromErrors(container.envFrom ?? [], `${at}.envFrom`),
    ...mountErrors(container, spec.volumes ?? [], `${at}.volumeMounts`),
    ...oneOf(`${at}.imagePullPolicy`, container.imagePullPolicy, pullPolicies),
    ...resourceErrors(container, `${at}.resources`),
    ...securityContextErrors(container.securityContext, `${at}.securityContext`, spec.hostUsers !== false),
  ]
}

const restartPolicies = ['Always', 'Never', 'OnFailure']

const restartErrors = ({ restartPolicy }: ContainerSpec, at: string): FieldError[] =>
  restartPolicy === undefined || restartPolicies.includes(restartPolicy)
    ? []
    : [notSupported(`${at}.restartPolicy`, restartPolicy, restartPolicies)]

const runningErrors = (container: ContainerSpec, grace: number | undefined, at: string): FieldError[] => [
  ...(['postStart', 'preStop'] as const).flatMap((hook) => {
    const handler = container.lifecycle?.[hook]
    return handler ? handlerErrors(handler, `${at}.lifecycle.${hook}`, grace) : []
  }),
  ...probeNames.flatMap((which) => probeErrors(container[which], which, `${at}.${which}`, grace)),
]

const hostPortErrors = (containers: readonly ContainerSpec[], field: string): FieldError[] => {
  const taken = new Set<string>()
  return containers.flatMap((container, index) =>
    (container.ports ?? []).flatMap((port, position) => {
      if (!port.hostPort) return []
      const socket = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`
      if (taken.has(socket)) return [duplicate(`${field}[${index}].ports[${position}].hostPort`, socket)]
      taken.add(socket)
      return []
    }),
  )
}

/** All problems of the containers that do the pod's work. */
export const containerErrors = (spec: PodSpec, field: string): FieldError[] => {
  const { containers = [], terminationGracePeriodSeconds: grace } = spec
  if (containers.length === 0) return [required(field)]
  const taken = new Set<string>()
  const errors = containers.flatMap((container, index) => {
    const at = `${field}[${index}]`
    const found = commonErrors(container, spec, at)
    if (container.name && taken.has(container.name)) found.push(duplicate(`${at}.name`, container.name))
    if (container.name) taken.add(container.name)
    return [...found, ...runningErrors(container, grace, at), ...restartErrors(container, at)]
  })
  return [...errors, ...hostPortErrors(containers, field)]
}

const sidecarsOnly = 'may not be set for init containers without restartPolicy=Always'

/** All problems of the init containers, which have probes and hooks only as sidecars. */
export const initContainerErrors = (spec: PodSpec, field: string): FieldError[] => {
  const taken = new Set((spec.containers ?? []).map(({ name }) => name))
  return (spec.initContainers ?? []).flatMap((container, index) => {
    const at = `${field}[${index}]`
    const errors = [...commonErrors(container, spec, at), ...restartErrors(container, at)]
    if (container.name && taken.has(container.name)) errors.push(duplicate(`${at}.name`, container.name))
    if (container.name) taken.add(container.name)
    errors.push(...hostPortErrors([container], field))
    if (container.restartPolicy === 'Always') {
      return [...errors, ...runningErrors(container, spec.terminationGracePeriodSeconds, at)]
    }
    const set = (['lifecycle', ...probeNames] as const).filter((name) => container[name])
    return [...errors, ...set.map((name) => forbidden(`${at}.${name}`, sidecarsOnly))]
  })
}
