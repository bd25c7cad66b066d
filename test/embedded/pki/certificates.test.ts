import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createAuthority } from '../../../src/embedded/pki/certificates.ts'

const now = Date.parse('2026-11-24T10:00:00Z')
const authority = createAuthority(now)
const ca = new X509Certificate(authority.certificate)

describe('certificates', () => {
  test('the authority signs itself and may sign others', () => {
    expect(ca.ca).toBe(true)
    expect(ca.verify(ca.publicKey)).toBe(true)
    expect(ca.subject).toBe('CN=kubernetes')
  })

  test('a server certificate names what it answers to', () => {
    const server = new X509Certificate(
      authority.issueServer(['127.0.0.1', 'localhost', 'kubernetes.default.svc']).certificate,
    )
    expect(server.checkIssued(ca)).toBe(true)
    expect(server.verify(ca.publicKey)).toBe(true)
    expect(server.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(server.checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc')
    expect(server.checkHost('example.com')).toBeUndefined()
    expect(server.ca).toBe(false)
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  })

  test('a client certificate carries the user and the groups', () => {
    const { certificate } = authority.issueClient({ name: 'alice', groups: ['dev', 'ops'] })
    const client = new X509Certificate(certificate)
    expect(client.subject.split('\n')).toEqual(['O=dev', 'O=ops', 'CN=alice'])
    expect(client.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2'])
  })

  test('it is valid already, and for long', () => {
    expect(Date.parse(ca.validFrom)).toBeLessThan(now)
    expect(Date.parse(ca.validTo) - now).toBeGreaterThan(300 * 24 * 3600 * 1000)
  })

  test('two certificates never share a serial number', () => {
    const serial = () => new X509Certificate(authority.issueClient({ name: 'a', groups: [] }).certificate).serialNumber
    expect(serial()).not.toBe(serial())
  })
})
