/**
 * A certificate as `linkerd identity` prints it: similar to OpenSSL's text, and not the same. Layout: grantae/certinfo
 * certinfo.go (CertificateText). Not modelled: extensions that neither Linkerd nor its users' CAs write, DSA keys.
 */
import type { X509Certificate } from 'node:crypto'

const indent = (columns: number, text: string): string => `${' '.repeat(columns)}${text}\n`

/** `Nov 4 05:51:22 2026 UTC` */
const moment = (date: Date): string => {
  const [, day, month, year, time] = /^\w+, 0?(\d+) (\w+) (\d+) (\S+)/.exec(date.toUTCString()) ?? []
  return `${month} ${day} ${time} ${year} UTC`
}

const octets = (bytes: Uint8Array, columns: number, perLine: number): string => {
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'))
  const lines: string[] = []
  for (let at = 0; at < hex.length; at += perLine) lines.push(hex.slice(at, at + perLine).join(':'))
  return lines.map((line, at) => indent(columns, at < lines.length - 1 ? `${line}:` : line)).join('')
}

/** One element of DER. */
interface Element {
  tag: number
  content: Buffer
  end: number
}
const elementAt = (der: Buffer, at: number): Element => {
  const first = der[at + 1] ?? 0
  const count = first & 0x80 ? first & 0x7f : 0
  const length = count === 0 ? first : der.readUIntBE(at + 2, count)
  const start = at + 2 + count
  return { tag: der[at] ?? 0, content: der.subarray(start, start + length), end: start + length }
}
const childrenOf = (content: Buffer): Element[] => {
  const out: Element[] = []
  for (let at = 0; at < content.length; ) {
    const element = elementAt(content, at)
    out.push(element)
    at = element.end
  }
  return out
}

const oidOf = (content: Buffer): string => {
  const [first = 0, ...rest] = content
  const numbers = [Math.floor(first / 40), first % 40]
  let value = 0
  for (const byte of rest) {
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) {
      numbers.push(value)
      value = 0
    }
  }
  return numbers.join('.')
}

const usages = ['Digital Signature', 'Content Commitment', 'Key Encipherment', 'Data Encipherment', 'Key Agreement']
const moreUsages = ['Certificate Sign', 'CRL Sign', 'Encipher Only']
const purposes: Record<string, string> = {
  '1.3.6.1.5.5.7.3.1': 'TLS Web Server Authentication',
  '1.3.6.1.5.5.7.3.2': 'TLS Web Client Authentication',
}

const colons = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(':')

/** Title and lines of an extension, by its number below 2.5.29. */
const extensionText = (number: string, value: Buffer, certificate: X509Certificate): [string, string[]] | undefined => {
  const inner = elementAt(value, 0)
  switch (number) {
    case '14':
      return ['Subject Key Identifier', [colons(inner.content)]]
    case '15': {
      const bits = inner.content[1] ?? 0
      const said = [...usages, ...moreUsages].filter((_, at) => bits & (0x80 >> at))
      return ['Key Usage', [said.join(', ') || 'None']]
    }
    case '17': {
      const names = (certificate.subjectAltName ?? '').split(', ').filter((each) => each.startsWith('DNS:'))
      return ['Subject Alternative Name', names.length > 0 ? [names.join(', ')] : []]
    }
    case '19':
      return ['Basic Constraints', [certificate.ca ? 'CA:TRUE' : 'CA:FALSE']]
    case '35': {
      const [keyId] = childrenOf(inner.content)
      return ['Authority Key Identifier', [`keyid:${colons(keyId?.content ?? Buffer.alloc(0))}`]]
    }
    case '37':
      return [
        'Extended Key Usage',
        [
          childrenOf(inner.content)
            .map((each) => purposes[oidOf(each.content)] ?? 'UNKNOWN')
            .join(', '),
        ],
      ]
    default:
      return undefined
  }
}

const extensions = (certificate: X509Certificate, all: readonly Element[]): string => {
  const lines = all.map(({ content }) => {
    const parts = childrenOf(content)
    const id = oidOf(parts[0]?.content ?? Buffer.alloc(0))
    const isCritical = parts.length === 3
    const value = parts.at(-1)?.content ?? Buffer.alloc(0)
    const known = id.startsWith('2.5.29.') ? extensionText(id.slice(7), value, certificate) : undefined
    if (!known) return indent(12, `Unknown extension ${id}`)
    const title = indent(12, `X509v3 ${known[0]}:${isCritical ? ' critical' : ''}`)
    return title + known[1].map((line) => indent(16, line)).join('')
  })
  return `${indent(8, 'X509v3 extensions:')}${lines.join('')}\n`
}

const publicKey = ({ publicKey: key }: X509Certificate): string => {
  const jwk = key.export({ format: 'jwk' })
  const decode = (text = ''): Buffer => Buffer.from(text, 'base64url')
  if (key.asymmetricKeyType === 'ec')
    return (
      `${indent(12, 'Public Key Algorithm: ECDSA')}${indent(16, `Public-Key: (${decode(jwk.x).length * 8} bit)`)}` +
      `${indent(16, 'X:')}${octets(decode(jwk.x), 20, 15)}${indent(16, 'Y:')}${octets(decode(jwk.y), 20, 15)}` +
      indent(16, `Curve: ${jwk.crv}`)
    )
  const modulus = decode(jwk.n)
  const exponent = Number(`0x${decode(jwk.e).toString('hex')}`)
  return (
    `${indent(12, 'Public Key Algorithm: RSA')}${indent(16, `Public-Key: (${modulus.length * 8} bit)`)}` +
    `${indent(16, 'Modulus:')}${octets(modulus, 20, 15)}${indent(16, `Exponent: ${exponent} (0x${exponent.toString(16)})`)}`
  )
}

const algorithms: Record<string, string> = {
  '1.2.840.10045.4.3.2': 'ECDSA-SHA256',
  '1.2.840.10045.4.3.3': 'ECDSA-SHA384',
  '1.2.840.113549.1.1.11': 'SHA256-RSA',
}

const name = (lines: string): string => lines.split('\n').join(',')

export const certificateText = (certificate: X509Certificate): string => {
  const [body, algorithm, signature] = childrenOf(elementAt(certificate.raw, 0).content)
  const parts = childrenOf(body?.content ?? Buffer.alloc(0))
  const signed = algorithms[oidOf(childrenOf(algorithm?.content ?? Buffer.alloc(0))[0]?.content ?? Buffer.alloc(0))]
  const wrapped = parts.find(({ tag }) => tag === 0xa3)
  const serial = BigInt(`0x${certificate.serialNumber}`)
  const algorithmLine = `Signature Algorithm: ${signed ?? 'unknown'}`
  return [
    'Certificate:\n',
    indent(4, 'Data:'),
    indent(8, 'Version: 3 (0x2)'),
    indent(8, `Serial Number: ${serial} (0x${serial.toString(16)})`),
    indent(4, algorithmLine),
    indent(8, `Issuer: ${name(certificate.issuer)}`),
    indent(8, 'Validity'),
    indent(12, `Not Before: ${moment(certificate.validFromDate)}`),
    indent(12, `Not After : ${moment(certificate.validToDate)}`),
    indent(8, `Subject: ${name(certificate.subject)}`),
    indent(8, 'Subject Public Key Info:'),
    publicKey(certificate),
    wrapped ? extensions(certificate, childrenOf(elementAt(wrapped.content, 0).content)) : '',
    indent(4, algorithmLine),
    octets((signature?.content ?? Buffer.alloc(1)).subarray(1), 9, 18),
  ].join('')
}
