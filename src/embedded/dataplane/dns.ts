/** The cluster's DNS as a pod asks it. The rules are the mesh layer's, so that `why` and curl cannot disagree. */
import { lookup, type World } from '../../meshes/network.ts'
import { findOutsideHost } from '../../meshes/outside.ts'
import type { Dns } from './dataplane.ts'

export const createDns = (world: () => World, answers: Dns['answers']): Dns => ({
  answers,
  lookup(from, name) {
    const answer = lookup(world(), from, name)
    if (answer?.kind === 'external') {
      const outside = findOutsideHost(answer.name)
      return outside && { name: answer.name, addresses: [outside.address] }
    }
    if (!answer || answer.addresses.length === 0) return undefined
    return { name: answer.name, addresses: answer.addresses }
  },
})
