/** How Go prints values (`strconv.Quote`, `%v` and `%f` of floats), as istiod's messages carry them. */

const escapes: Record<string, string> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}

const escaped = (character: string): string => {
  const code = character.codePointAt(0) ?? 0
  const known = escapes[character]
  if (known !== undefined) return known
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** `"a\tb"`: unprintable characters, and all spaces but the ordinary one, are escaped. */
export const quoted = (text: string): string => `"${text.replace(/["\\]|(?! )[\p{C}\p{Z}]/gu, escaped)}"`

/** The shortest form, with an exponent of at least two digits where Go writes one. */
export const float = (value: number): string => {
  const size = Math.abs(value)
  if (size === 0 || (size >= 1e-4 && size < 1e21)) return String(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}
