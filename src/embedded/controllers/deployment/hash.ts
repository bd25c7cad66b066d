/** The `pod-template-hash`: FNV-1a over the template, in the alphabet that spells no words. */
import type { PodTemplateSpec } from '../../kinds/types.ts'

/** What the API machinery makes of decimal digits: `0123456789` in order. */
const alphabet = '456789bcdf'

/** JSON with sorted keys, so that equal templates have equal text. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )

/** 8 to 10 characters. The value differs from a real cluster's, which hashes Go's memory dump of the template. */
export const templateHash = (template: PodTemplateSpec | undefined, collisions = 0): string => {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(canonical(template ?? {}) + (collisions > 0 ? String(collisions) : ''))) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  }
  return String(hash).replace(/\d/g, (digit) => alphabet[Number(digit)] ?? '')
}
