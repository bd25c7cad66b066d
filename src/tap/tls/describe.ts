/** One TLS record as an observer describes it: what it can read, and what it cannot. */
import type { Chunk, Side } from '../wire.ts'
import { type Hello, readHello } from './hello.ts'
import { groupName, handshakeTypes, recordTypes, suiteName, versionName } from './names.ts'
import type { TlsRecord } from './records.ts'

const shortHex = (bytes: Uint8Array): string => `${Buffer.from(bytes.subarray(0, 8)).toString('hex')}…`

/** A client's list is long and much the same everywhere: its first says enough. */
const suitesIn = ({ suites }: Hello): string => {
  const first = suiteName(suites[0] ?? 0)
  return suites.length > 1 ? `${suites.length}, ${first} first` : first
}

const helloFacts = (hello: Hello): string[] => {
  const isClient = hello.kind === 'ClientHello'
  const versions = hello.versions.map(versionName).join(', ')
  return [
    ...(hello.serverName === undefined ? [] : [`server name (SNI): ${hello.serverName}`]),
    ...(hello.alpn.length > 0 ? [`application protocols (ALPN): ${hello.alpn.join(', ')}`] : []),
    `${isClient ? 'versions offered' : 'version chosen'}: ${versions}`,
    `${isClient ? 'cipher suites offered' : 'cipher suite chosen'}: ${suitesIn(hello)}`,
    ...(hello.keyShares.length > 0 ? [`key share: ${hello.keyShares.map(groupName).join(', ')}`] : []),
    `random: ${shortHex(hello.random)}`,
  ]
}

/** `17 03 03 01 1d`: what everybody can read of any record. */
const headerFact = ({ type, version, whole, body }: TlsRecord): string => {
  const bytes = [...whole.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')
  const written = type === 22 ? `, version ${versionName(version)} as written` : ''
  return `record header ${bytes}: ${recordTypes[type] ?? `type ${type}`}${written}, ${body.length} ${body.length === 1 ? 'byte' : 'bytes'}`
}

/** @param inside what the project knows of an encrypted record's content and the observer does not */
export const describeRecord = (from: Side, record: TlsRecord, inside?: string): Chunk => {
  const base = { from, bytes: record.whole, secrets: [], encrypted: record.type === 23 }
  const size = `${record.body.length} ${record.body.length === 1 ? 'byte' : 'bytes'}`
  if (record.type === 22) {
    const hello = readHello(record.body)
    const name = hello?.kind ?? handshakeTypes[record.body[0] ?? 0] ?? 'handshake'
    return { ...base, title: `${name}, ${size}`, facts: [headerFact(record), ...(hello ? helloFacts(hello) : [])] }
  }
  if (record.type === 20)
    return {
      ...base,
      title: 'change cipher spec',
      facts: [headerFact(record), 'says nothing: TLS 1.3 keeps it for old middleboxes'],
    }
  const hidden = inside === undefined ? [] : [`only the two ends know: ${inside}`]
  return { ...base, title: `encrypted, ${size}`, facts: [headerFact(record), ...hidden] }
}
