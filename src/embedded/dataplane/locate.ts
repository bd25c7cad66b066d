/** From what a client wrote to what it dials: DNS, Service, endpoint, or a place outside. Failures end the attempt. */
import type { Pod } from '../../kube/kinds.ts'
import type { Call } from '../../meshes/call.ts'
import { lookup, type Resolution, resolve, type World } from '../../meshes/network.ts'
import { isAskedFor } from '../../meshes/network-policy/index.ts'
import { findOutsideHost, outsidePod } from '../../meshes/outside.ts'
import type { Clock } from '../clock.ts'
import { pause } from '../workloads/process/process.ts'
import type { Program } from '../workloads/workload.ts'
import type { Dial, Failure } from './dataplane.ts'
import { unresolved } from './dropped.ts'
import type { Notes } from './traffic.ts'

export interface Place {
  /** `program`: what was found to listen at an address that is no pod's. */
  to: { pod: Pod; port: number; program?: Program }
  /** Absent for the pod's own loopback. */
  call?: Omit<Call, 'protocol' | 'http'>
  address: string
}

export interface NoPlace {
  failure: Failure
  address?: string
  noEndpoints?: true
}

/** How long a client without a limit of its own waits for a silent peer: curl's 300 s. */
const patience = 300_000

/** Nothing ever answers: waits for as long as the client does. */
export const silence = async (clock: Clock, dial: Dial): Promise<Failure> => {
  await pause(clock, Math.min(dial.timeout ?? patience, dial.connectTimeout ?? patience), dial.signal)
  return { kind: 'timeout' }
}

const isAddress = (host: string): boolean => /^[\d.]+$|:/.test(host)

/** `current` is the calling pod as it is stored now. */
export const createLocator = (network: {
  clock: Clock
  world: () => World
  isMeshed: (pod: Pod) => boolean
  askNameServer: (from: Pod) => { allowed: boolean }
  /** What listens at an address that is no pod's: the API server. */
  outside?: (address: string, port: number) => Program | undefined
  mayLeave: (from: Pod, address: string, port: number) => boolean
}): ((dial: Dial, current: Pod, notes: Notes) => Promise<Place | NoPlace>) => {
  const { clock, world, isMeshed, askNameServer, mayLeave } = network
  const turns = new Map<string, number>()

  /** Round robin over the ready endpoints, per Service port. */
  const pick = (resolution: Extract<Resolution, { kind: 'service' }>): { pod: Pod; port: number } => {
    const key = `${resolution.service.metadata.uid ?? resolution.service.metadata.name}:${resolution.port.port}`
    const turn = turns.get(key) ?? 0
    turns.set(key, turn + 1)
    const picked = resolution.endpoints[turn % resolution.endpoints.length]
    if (!picked) throw new Error('a resolved Service has at least one endpoint')
    return picked
  }

  /** Unknown names do not resolve. An unknown address is silent, unless a sidecar takes the connection first. */
  const outside = async (dial: Dial, from: Pod, host: string, port: number): Promise<Place | NoPlace> => {
    const program = network.outside?.(host, port)
    if (program) {
      const answer = lookup(world(), from, dial.host)
      const address = (answer?.kind === 'service' ? answer.addresses[0] : undefined) ?? dial.host
      if (!mayLeave(from, host, port)) return { failure: await silence(clock, dial), address }
      return { to: { pod: from, port, program }, address }
    }
    const known = findOutsideHost(host)
    if (known === undefined && !isAddress(host)) {
      const isAlias = host !== dial.host.replace(/\.$/, '')
      return isAlias
        ? { failure: await silence(clock, dial), address: host }
        : { failure: { kind: 'nxdomain', host: dial.host } }
    }
    const pod = outsidePod(host)
    const address = known?.address ?? host
    if (known === undefined && !isMeshed(from)) return { failure: await silence(clock, dial), address }
    return { to: { pod, port }, call: { source: from, destination: pod, port }, address }
  }

  return async (dial, from, notes) => {
    if (isAskedFor(dial.host, from) && !askNameServer(from).allowed) return { failure: await unresolved(clock, dial) }
    const found = resolve(world(), from, { host: dial.host, port: dial.port })
    if ('address' in found) notes.address = found.address
    if (found.kind === 'service' || found.kind === 'no-endpoints')
      notes.service = { object: found.service, port: found.port }
    switch (found.kind) {
      case 'nxdomain':
        return { failure: { kind: 'nxdomain', host: dial.host } }
      case 'external': {
        const place = await outside(dial, from, found.host, found.port)
        if (place.address !== undefined) notes.address = place.address
        return place
      }
      case 'no-port':
        return { failure: await silence(clock, dial), address: found.address }
      case 'no-endpoints':
        return {
          failure: { kind: 'refused', host: dial.host, port: dial.port },
          address: found.address,
          noEndpoints: true,
        }
      case 'pod':
        if (found.loopback) return { to: { pod: from, port: found.port }, address: found.address }
        return {
          to: { pod: found.pod, port: found.port },
          call: { source: from, destination: found.pod, port: found.port },
          address: found.address,
        }
      case 'service': {
        const to = pick(found)
        const service = { object: found.service, port: found.port }
        return { to, call: { source: from, service, destination: to.pod, port: to.port }, address: found.address }
      }
    }
  }
}
