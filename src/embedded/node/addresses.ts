/** Pod addresses: each node hands out its own 254, in order so that a new pod rarely gets a recent one; then they share. */
import { clusterNodes } from '../bootstrap.ts'

export interface Addresses {
  /** A free address for a pod on that node. */
  take(nodeName: string | undefined): string
  give(address: string): void
  /** Marks an address that an object already carries. */
  keep(address: string): void
}

/** For what a node's own range cannot hold: 10.244.16.0 and on. */
const shared = { first: 16 << 8, size: 240 << 8 }

const rangeOf = (nodeName: string | undefined): { first: number; size: number } => {
  const index = clusterNodes.findIndex(({ name }) => name === nodeName)
  return { first: Math.max(index, 0) << 8, size: 256 }
}

export const createAddresses = (): Addresses => {
  const used = new Set<string>()
  const next = new Map<number, number>()
  const format = (n: number): string => `10.244.${n >> 8}.${n & 255}`
  const takeFrom = ({ first, size }: { first: number; size: number }): string | undefined => {
    for (let tries = 0; tries < size; tries++) {
      const n = next.get(first) ?? first + 2
      next.set(first, n + 1 >= first + size ? first + 2 : n + 1)
      const address = format(n)
      if ((n & 255) === 0 || (n & 255) === 255 || used.has(address)) continue
      used.add(address)
      return address
    }
    return undefined
  }
  return {
    take(nodeName) {
      const address = takeFrom(rangeOf(nodeName)) ?? takeFrom(shared)
      if (!address) throw new Error('the pod network is full')
      return address
    },
    give: (address) => void used.delete(address),
    keep: (address) => void used.add(address),
  }
}
