/** IP addresses against `10.0.0.0/8`, `10.1.2.3`, `2001:db8::/32`. */
import ipaddr from 'ipaddr.js'

export type AddressTest = (address: string) => boolean

const strictAddress = (text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined =>
  ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text) ? ipaddr.process(text) : undefined

/** Undefined when the text is neither an address nor a range. */
export const addressRange = (text: string): AddressTest | undefined => {
  const [base = '', bits, more] = text.split('/')
  const network = strictAddress(base)
  if (network === undefined || more !== undefined) return undefined
  const width = network.kind() === 'ipv4' ? 32 : 128
  const prefix = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  if (!(prefix >= 0 && prefix <= width)) return undefined
  return (text) => {
    const address = strictAddress(text)
    return address !== undefined && address.kind() === network.kind() && matches(address, network, prefix)
  }
}

const matches = (address: ipaddr.IPv4 | ipaddr.IPv6, network: ipaddr.IPv4 | ipaddr.IPv6, prefix: number): boolean => {
  if (address instanceof ipaddr.IPv4 && network instanceof ipaddr.IPv4) return address.match(network, prefix)
  if (address instanceof ipaddr.IPv6 && network instanceof ipaddr.IPv6) return address.match(network, prefix)
  return false
}
