/** Pod addresses of the node's range 10.244.0.0/16, handed out in order so that a new pod rarely gets a recent one. */

export const nodeAddress = '172.18.0.2'

export interface Addresses {
  take(): string
  give(address: string): void
  /** Marks an address that an object already carries. */
  keep(address: string): void
}

export const createAddresses = (): Addresses => {
  const used = new Set<string>()
  let next = 2
  const format = (n: number): string => `10.244.${n >> 8}.${n & 255}`
  return {
    take() {
      for (let tries = 0; tries < 65_000; tries++) {
        const n = next
        next = next >= 65_000 ? 2 : next + 1
        const address = format(n)
        if ((n & 255) !== 0 && (n & 255) !== 255 && !used.has(address)) {
          used.add(address)
          return address
        }
      }
      throw new Error('the pod network is full')
    },
    give: (address) => void used.delete(address),
    keep: (address) => void used.add(address),
  }
}
