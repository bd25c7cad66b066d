/** Probes and lifecycle hooks of a container. Follows core/validation's validateProbe and validateLifecycle. */
import type { FieldError } from '../kind.ts'
import type { Probe } from '../types.ts'
import { complaints, forbidden, invalid, nonNegative, notSupported, required } from './errors.ts'
import { httpHeaderName } from './names.ts'
import { portErrors } from './ports.ts'

export interface Handler extends Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> {
  sleep?: { seconds?: number }
}

const kinds = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const

const kindErrors = (handler: Handler, kind: (typeof kinds)[number], at: string, grace: number | undefined) => {
  if (kind === 'exec') return handler.exec?.command?.length ? [] : [required(`${at}.command`)]
  if (kind === 'tcpSocket') return portErrors(handler.tcpSocket?.port, `${at}.port`)
  if (kind === 'grpc') return portErrors(handler.grpc?.port, `${at}.port`)
  if (kind === 'sleep') {
    const seconds = handler.sleep?.seconds ?? 0
    if (grace === undefined || (seconds >= 0 && seconds <= grace)) return []
    return [invalid(at, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`)]
  }
  const get = handler.httpGet ?? {}
  const schemes = ['HTTP', 'HTTPS']
  return [
    ...(get.path === '' ? [required(`${at}.path`)] : []),
    ...portErrors(get.port, `${at}.port`),
    ...(schemes.includes(get.scheme ?? 'HTTP') ? [] : [notSupported(`${at}.scheme`, get.scheme, schemes)]),
    ...(get.httpHeaders ?? []).flatMap(({ name = '' }) => complaints(`${at}.httpHeaders`, name, httpHeaderName)),
  ]
}

/** Exactly one kind; those after the first are only said to be too many. */
export const handlerErrors = (handler: Handler, field: string, grace: number | undefined): FieldError[] => {
  const [first, ...more] = kinds.filter((kind) => handler[kind] !== undefined && handler[kind] !== null)
  if (!first) return [required(field, 'must specify a handler type')]
  return [
    ...kindErrors(handler, first, `${field}.${first}`, grace),
    ...more.map((kind) => forbidden(`${field}.${kind}`, 'may not specify more than 1 handler type')),
  ]
}

export const probeNames = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

export const probeErrors = (
  probe: Probe | undefined,
  which: (typeof probeNames)[number],
  at: string,
  grace: number | undefined,
): FieldError[] => {
  if (!probe) return []
  const errors = handlerErrors(probe, at, grace)
  for (const name of counts) errors.push(...nonNegative(`${at}.${name}`, probe[name]))
  const ends = probe.terminationGracePeriodSeconds
  if (ends !== undefined && ends <= 0) {
    errors.push(invalid(`${at}.terminationGracePeriodSeconds`, ends, 'must be greater than 0'))
  }
  if (which === 'readinessProbe') {
    if (ends !== undefined) {
      errors.push(invalid(`${at}.terminationGracePeriodSeconds`, ends, 'must not be set for readinessProbes'))
    }
  } else if (probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    errors.push(invalid(`${at}.successThreshold`, probe.successThreshold, 'must be 1'))
  }
  return errors
}
