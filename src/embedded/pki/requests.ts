/** PKCS #10 requests (RFC 2986), as CertificateSigningRequests carry them: read, and their signature checked. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'

export interface ParsedRequest {
  /** DER of the distinguished name. */
  subject: Uint8Array
  publicKey: KeyObject
  commonName: string
  organizations: string[]
}

interface Element {
  tag: number
  content: Buffer
  /** Tag and length included. */
  whole: Buffer
}

/** The elements inside a constructed one. @throws RangeError where the bytes end too soon */
const elements = (bytes: Buffer): Element[] => {
  const found: Element[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes.readUInt8(at)
    const short = bytes.readUInt8(at + 1)
    const more = short & 0x80 ? short & 0x7f : 0
    const length = more ? bytes.readUIntBE(at + 2, more) : short
    const start = at + 2 + more
    if (start + length > bytes.length) throw new RangeError('asn1: syntax error: data truncated')
    found.push({ tag, content: bytes.subarray(start, start + length), whole: bytes.subarray(at, start + length) })
    at = start + length
  }
  return found
}

const commonName = '550403'
const organization = '55040a'

/** The values of one attribute of a distinguished name, by the hex of its object identifier. */
const valuesOf = (name: Buffer, type: string): string[] =>
  elements(name)
    .flatMap((set) => elements(set.content))
    .flatMap((pair) => {
      const [oid, value] = elements(pair.content)
      return oid?.content.toString('hex') === type && value ? [value.content.toString()] : []
    })

/** Signature algorithms by the hex of their object identifier; `null` where the key decides. */
const digests: Record<string, string | null> = {
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2b6570': null,
}

/**
 * @param encoded what `spec.request` holds: base64 of a PEM block
 * @returns what is wrong with it, when something is (kubernetes/kubernetes pkg/apis/certificates/helpers.go)
 */
export const parseRequest = (encoded: string): ParsedRequest | { problem: string } => {
  const block = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([\sA-Za-z0-9+/=]+)-----END/.exec(
    Buffer.from(encoded, 'base64').toString(),
  )
  if (!block) return { problem: 'PEM block type must be CERTIFICATE REQUEST' }
  try {
    const [outer] = elements(Buffer.from(block[1]!, 'base64'))
    const [body, algorithm, signature] = elements(outer!.content)
    const [, name, key] = elements(body!.content)
    const publicKey = createPublicKey({ key: Buffer.from(key!.whole), format: 'der', type: 'spki' })
    const digest = digests[elements(algorithm!.content)[0]!.content.toString('hex')]
    if (digest === undefined) return { problem: 'x509: cannot verify signature: algorithm unimplemented' }
    // A bit string begins with the number of bits that do not count.
    if (!verify(digest, body!.whole, publicKey, signature!.content.subarray(1)))
      return { problem: 'x509: signature does not match the public key of the request' }
    return {
      subject: name!.whole,
      publicKey,
      commonName: valuesOf(name!.content, commonName)[0] ?? '',
      organizations: valuesOf(name!.content, organization),
    }
  } catch (error) {
    return { problem: error instanceof RangeError ? error.message : 'asn1: structure error: not a certificate request' }
  }
}
