/** What is stored is shared by every reader: nobody may change it. */

/** Freezes a JSON value in depth; answers roughly how many bytes of it were not frozen (that is, stored) before. */
export function freeze(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return 8
  Object.freeze(value)
  let size = 32
  for (const child of Object.values(value)) size += 8 + freeze(child)
  return size
}
