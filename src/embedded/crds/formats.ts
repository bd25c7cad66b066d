/** The string formats that the API server checks; unknown ones are ignored, as upstream does. */
import { isIP, isIPv4, isIPv6 } from 'node:net'

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const uuid = (version: string, variant = '[0-9a-f]') =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?${variant}[0-9a-f]{3}-?[0-9a-f]{12}$`, 'i')
const hostname =
  /^(?=.{1,255}$)[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62}[\p{L}\p{N}_])?(?:\.[\p{L}\p{N}_](?:[\p{L}\p{N}_-]{0,62}[\p{L}\p{N}_])?)*\.?$/u

const isCidr = (value: string): boolean => {
  const [address = '', bits = '', ...rest] = value.split('/')
  const family = isIP(address)
  return family !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
}

const isUri = (value: string): boolean => value.startsWith('/') || URL.canParse(value)

const isDate = (value: string): boolean => /^\d{4}-\d\d-\d\d$/.test(value) && !Number.isNaN(Date.parse(value))

const isDateTime = (value: string): boolean =>
  /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:?\d\d)$/.test(value) &&
  !Number.isNaN(Date.parse(value))

const checks: Record<string, (value: string) => boolean> = {
  byte: (value) => base64.test(value),
  date: isDate,
  'date-time': isDateTime,
  datetime: isDateTime,
  duration: (value) =>
    /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)\s*[a-zµ]+(?:\s*(?:\d+(?:\.\d*)?|\.\d+)\s*[a-zµ]+)*$|^0$/i.test(value),
  email: (value) => /^[^\s@]+@[^\s@]+$/.test(value),
  hostname: (value) => hostname.test(value),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: isCidr,
  mac: (value) => /^(?:[0-9a-f]{2}[:-]){5,7}[0-9a-f]{2}$|^(?:[0-9a-f]{4}\.){2,3}[0-9a-f]{4}$/i.test(value),
  uri: isUri,
  uuid: (value) => uuid('[0-9a-f]').test(value),
  uuid3: (value) => uuid('3').test(value),
  uuid4: (value) => uuid('4', '[89ab]').test(value),
  uuid5: (value) => uuid('5', '[89ab]').test(value),
}

/** Whether the text has the format; any text has an unknown format. */
export const hasFormat = (format: string, value: string): boolean => checks[format]?.(value) ?? true
