/** How a DestinationRule spreads requests (pkg/config/validation/validation.go, agent/validation.go). */
import { type Fields, fields, isFields, list, text, texts } from '../read.ts'
import { duration, undecodable } from './durations.ts'
import type { Findings } from './findings.ts'

/** As Envoy tests it, so that a table that passes here is taken there. */
const isPrime = (value: number): boolean => {
  if (value !== 0 && value < 4) return true
  if (value % 2 === 0) return false
  for (let factor = 3; factor * factor <= value; factor += 2) if (value % factor === 0) return false
  return true
}

const numberOf = (value: unknown): number =>
  typeof value === 'number' || typeof value === 'string' ? Number(value) : 0

const cookie = (findings: Findings, value: Fields): void => {
  findings.decode(undecodable(value.ttl))
  if (!text(value.name)) findings.error('name required for HttpCookie')
  const names = new Set<string>()
  for (const attribute of list(value.attributes).map(fields)) {
    const name = text(attribute.name) ?? ''
    if (name === '') findings.error('cookie attribute name cannot be empty')
    else if (names.has(name)) findings.error(`duplicate cookie attribute name: ${name}`)
    names.add(name)
  }
}

const consistentHash = (findings: Findings, hash: Fields): void => {
  if (isFields(hash.httpCookie)) cookie(findings, hash.httpCookie)
  if (numberOf(hash.minimumRingSize) !== 0) {
    findings.warn(
      "consistent hash MinimumRingSize is deprecated, use ConsistentHashLB's RingHash configuration instead",
    )
    if (isFields(hash.ringHash) || isFields(hash.maglev))
      findings.error('only one of MinimumRingSize or Maglev/Ringhash can be specified')
  }
  if (!isFields(hash.maglev)) return
  const size = numberOf(hash.maglev.tableSize)
  if (size === 0) findings.error('tableSize must be set for maglev')
  if (size >= 5_000_011) findings.error('tableSize must be less than 5000011 for maglev')
  if (!isPrime(size)) findings.error('tableSize must be a prime number for maglev')
}

/** Localities of one list: regions, zones and subzones, of which none may be in another. */
const localities = (given: readonly string[]): string | undefined => {
  const seen = new Map<string, Map<string, Set<string>>>()
  for (const locality of given) {
    const stars = locality.split('*').length - 1
    if (stars > 1 || (stars === 1 && !locality.endsWith('*')))
      return `locality ${locality} wildcard '*' number can not exceed 1 and must be in the end`
    const overlaps = `locality ${locality} overlap with previous specified ones`
    if (seen.has('*')) return overlaps
    const [region = '', zone, ...rest] = locality.split('/')
    const subzone = rest.length === 0 ? undefined : rest.join('/')
    if (region === '' || zone === '' || subzone === '')
      return `locality ${locality} must not contain empty region/zone/subzone info`
    const zones = seen.get(region)
    if (zones !== undefined && (zone === undefined || zones.has('*'))) return overlaps
    const subzones = zones?.get(zone ?? '*')
    if (subzones !== undefined && (subzone === undefined || subzones.has('*') || subzones.has(subzone))) return overlaps
    const known = zones ?? new Map<string, Set<string>>()
    known.set(zone ?? '*', (subzones ?? new Set()).add(subzone ?? '*'))
    seen.set(region, known)
  }
  return undefined
}

const topology = new Set(['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'])

const needsOutlierDetection = (findings: Findings, lb: Fields, outlier: unknown): void => {
  if (list(lb.failover).length + list(lb.failoverPriority).length > 0 && !isFields(outlier))
    findings.warn('outlier detection policy must be provided for failover')
}

const failover = (findings: Findings, lb: Fields, what: string, onlyRegion: string): void => {
  for (const each of list(lb.failover).map(fields)) {
    const [from, to] = [text(each.from) ?? '', text(each.to) ?? '']
    if (from === to) findings.error(`${what} failover settings must specify different regions`)
    if (`${from}${to}`.includes('/')) findings.error(`${what} failover ${onlyRegion}`)
    if (`${from}${to}`.includes('*')) findings.error(`${what} failover region should not contain '*' wildcard`)
  }
}

const locality = (findings: Findings, lb: Fields, outlier: unknown): void => {
  const distribute = list(lb.distribute).map(fields)
  const failovers = list(lb.failover).length > 0
  if (distribute.length > 0 && failovers) {
    findings.error("can not simultaneously specify 'distribute' and 'failover'")
    return
  }
  const label = failovers ? texts(lb.failoverPriority).find((name) => topology.has(name)) : undefined
  if (label !== undefined) {
    findings.error(`can not simultaneously set 'failover' and topology label '${label}' in 'failover_priority'`)
    return
  }
  for (const { to } of distribute) {
    const weights = Object.values(fields(to)).map(numberOf)
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    if (weights.some((weight) => weight <= 0 || weight > 100)) {
      findings.error('locality weight must be in range [1, 100]')
      return
    }
    if (total !== 100) {
      findings.error(`total locality weight ${total} != 100`)
      return
    }
    findings.error(localities(Object.keys(fields(to))))
  }
  findings.error(localities(distribute.map(({ from }) => text(from) ?? '')))
  needsOutlierDetection(findings, lb, outlier)
  failover(findings, lb, 'locality lb', 'only specify region')
}

const zoneAware = (findings: Findings, lb: Fields, outlier: unknown): void => {
  for (const label of texts(lb.failoverPriority))
    if (topology.has(label))
      findings.error(
        `'failover_priority' for zone aware lb must not use topology label '${label}'; region- and zone-level routing are handled automatically`,
      )
  needsOutlierDetection(findings, lb, outlier)
  failover(findings, lb, 'zone aware lb', 'only specifies region; zone and subzone failover are handled automatically')
}

const warmup = (findings: Findings, warm: Fields): void => {
  findings.error(typeof warm.duration === 'string' ? duration(warm.duration) : 'duration is required')
  if (numberOf(warm.minimumPercent) > 100) findings.error('minimumPercent value should be less than or equal to 100')
  if (typeof warm.aggression === 'number' && warm.aggression <= 0) findings.error('aggression should be greater than 0')
}

/** @param outlier the outlier detection beside it */
export const loadBalancer = (findings: Findings, value: unknown, outlier: unknown): void => {
  if (!isFields(value)) return
  if (isFields(value.consistentHash)) consistentHash(findings, value.consistentHash)
  if (isFields(value.localityLbSetting) && isFields(value.zoneAwareLbSetting))
    findings.error('only one of localityLbSetting and zoneAwareLbSetting can be set')
  if (isFields(value.localityLbSetting)) locality(findings, value.localityLbSetting, outlier)
  if (isFields(value.zoneAwareLbSetting)) zoneAware(findings, value.zoneAwareLbSetting, outlier)
  if (isFields(value.warmup)) warmup(findings, value.warmup)
}
