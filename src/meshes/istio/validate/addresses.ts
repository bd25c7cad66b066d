/** IP addresses and ranges as Go's net/netip parses them, in its words (ParseAddr, ParsePrefix). */
import { quoted } from './go-text.ts'

/** What is wrong, with the part that could not be read. */
type Problem = readonly [message: string, at?: string]

const ipv4 = (text: string): Problem | undefined => {
  let fields = 0
  let digits = ''
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string
    if (/\d/.test(character)) {
      if (digits === '0') return ['IPv4 field has octet with leading zero']
      digits += character
      if (Number(digits) > 255) return ['IPv4 field has value >255']
    } else if (character === '.') {
      if (i === 0 || i === text.length - 1 || text[i - 1] === '.')
        return ['IPv4 field must have at least one digit', text.slice(i)]
      if (fields === 3) return ['IPv4 address too long']
      fields++
      digits = ''
    } else return ['unexpected character', text.slice(i)]
  }
  return fields < 3 ? ['IPv4 address too short'] : undefined
}

const ipv6 = (text: string): Problem | undefined => {
  const zone = text.indexOf('%')
  if (zone === text.length - 1) return ['zone must be a non-empty string']
  let rest = zone < 0 ? text : text.slice(0, zone)
  let bytes = 0
  let ellipsis = rest.startsWith('::')
  if (ellipsis) rest = rest.slice(2)
  if (ellipsis && rest === '') return undefined
  while (bytes < 16) {
    const digits = /^[\da-f]*/i.exec(rest)?.[0] ?? ''
    if (digits.length > 4) return ['each group must have 4 or less digits', rest]
    if (digits === '') return ['each colon-separated field must have at least one digit', rest]
    if (rest[digits.length] === '.') {
      if (!ellipsis && bytes !== 12)
        return ['embedded IPv4 address must replace the final 2 fields of the address', rest]
      if (bytes + 4 > 16) return ['too many hex fields to fit an embedded IPv4 at the end of the address', rest]
      const wrong = ipv4(rest)
      if (wrong !== undefined) return wrong
      rest = ''
      bytes += 4
      break
    }
    bytes += 2
    rest = rest.slice(digits.length)
    if (rest === '') break
    if (!rest.startsWith(':')) return ['unexpected character, want colon', rest]
    if (rest === ':') return ['colon must be followed by more characters', rest]
    rest = rest.slice(1)
    if (!rest.startsWith(':')) continue
    if (ellipsis) return ['multiple :: in address', rest]
    ellipsis = true
    rest = rest.slice(1)
    if (rest === '') break
  }
  if (rest !== '') return ['trailing garbage after address', rest]
  if (bytes < 16) return ellipsis ? undefined : ['address string too short']
  return ellipsis ? ['the :: must expand to at least one field of zeros'] : undefined
}

const problem = (text: string): Problem | undefined => {
  const first = /[.:%]/.exec(text)?.[0]
  if (first === '.') return ipv4(text)
  if (first === ':') return ipv6(text)
  return [first === '%' ? 'missing IPv6 address' : 'unable to parse IP']
}

export const isAddress = (text: string): boolean => problem(text) === undefined

/** Undefined for an address, else why it is none. */
const addressProblem = (text: string): string | undefined => {
  const found = problem(text)
  if (found === undefined) return undefined
  const [message, at] = found
  return `ParseAddr(${quoted(text)}): ${message}${at ? ` (at ${quoted(at)})` : ''}`
}

/** Undefined for a range such as `10.0.0.0/8`, else why it is none. */
export const prefixProblem = (text: string): string | undefined => {
  const slash = text.lastIndexOf('/')
  const because = (reason: string): string => `netip.ParsePrefix(${quoted(text)}): ${reason}`
  if (slash < 0) return because("no '/'")
  const [address, bits] = [text.slice(0, slash), text.slice(slash + 1)]
  const wrong = addressProblem(address)
  if (wrong !== undefined) return because(wrong)
  if (address.includes('%')) return because('IPv6 zones cannot be present in a prefix')
  if (!/^(\d|[1-9]\d*)$/.test(bits)) return because(`bad bits after slash: ${quoted(bits)}`)
  return Number(bits) > (address.includes(':') ? 128 : 32) ? because('prefix length out of range') : undefined
}
