/** Lines of watches that many clients share: what a thousand watchers are told of one change is written out once. */
import type { Kind } from '../../kinds/kind.ts'
import type { Revision } from '../../store.ts'
import { apiVersionOf } from '../kind-table.ts'
import type { View } from '../table.ts'

/** Revisions whose lines are kept: watchers that keep up read the same few. */
const kept = 64

export class EncodedEvents {
  readonly #lines = new Map<Revision, Map<string, Uint8Array>>()

  /** The event's line: as it was made for another watch, else as `make` makes it now. */
  line(revision: Revision, type: string, kind: Kind, { representation }: View, make: () => Uint8Array): Uint8Array {
    // Rows of a Table tell ages, and its first event has a head.
    if (representation.as === 'Table') return make()
    const key = `${type} ${apiVersionOf(kind)} ${representation.as} ${representation.version}`
    let lines = this.#lines.get(revision)
    if (!lines) {
      lines = new Map()
      this.#lines.set(revision, lines)
      if (this.#lines.size > kept) this.#lines.delete(this.#lines.keys().next().value!)
    }
    const known = lines.get(key)
    if (known) return known
    const made = make()
    lines.set(key, made)
    return made
  }
}
