/** Numbers of TLS in words: the ones that proxies of a mesh send (RFC 8446 4.2, B.3, B.4; RFC 5289 3.2; RFC 8422 5.1.1). */

export const recordTypes: Readonly<Record<number, string>> = {
  20: 'change cipher spec',
  21: 'alert',
  22: 'handshake',
  23: 'application data',
}

export const handshakeTypes: Readonly<Record<number, string>> = {
  1: 'ClientHello',
  2: 'ServerHello',
  4: 'NewSessionTicket',
  8: 'EncryptedExtensions',
  11: 'Certificate',
  13: 'CertificateRequest',
  15: 'CertificateVerify',
  20: 'Finished',
}

const versions: Readonly<Record<number, string>> = {
  769: 'TLS 1.0',
  770: 'TLS 1.1',
  771: 'TLS 1.2',
  772: 'TLS 1.3',
}

const suites: Readonly<Record<number, string>> = {
  4865: 'TLS_AES_128_GCM_SHA256',
  4866: 'TLS_AES_256_GCM_SHA384',
  4867: 'TLS_CHACHA20_POLY1305_SHA256',
  49195: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  49196: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  49199: 'ECDHE-RSA-AES128-GCM-SHA256',
  49200: 'ECDHE-RSA-AES256-GCM-SHA384',
  156: 'AES128-GCM-SHA256',
  157: 'AES256-GCM-SHA384',
  255: 'EMPTY_RENEGOTIATION_INFO_SCSV',
}

const groups: Readonly<Record<number, string>> = {
  23: 'P-256',
  24: 'P-384',
  25: 'P-521',
  29: 'X25519',
  30: 'X448',
  4588: 'X25519MLKEM768',
}

const hex = (number: number): string => `0x${number.toString(16).padStart(4, '0')}`

export const versionName = (number: number): string => versions[number] ?? hex(number)
export const suiteName = (number: number): string => suites[number] ?? hex(number)
export const groupName = (number: number): string => groups[number] ?? hex(number)
