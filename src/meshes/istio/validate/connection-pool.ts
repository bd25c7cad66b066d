/** Limits of connections, of DestinationRules and Sidecars (pkg/config/validation/validation.go, validateConnectionPool). */
import { parseDuration } from '../duration.ts'
import { fields, isFields, text } from '../read.ts'
import { duration, undecodable } from './durations.ts'
import type { Findings } from './findings.ts'

const needed = (value: unknown, what: string): string | undefined =>
  typeof value === 'string' ? duration(value) : `http2 keepalive ${what} is required`

const http = (findings: Findings, settings: Record<string, unknown>): void => {
  const negative = (field: string, words: string): void => {
    if (Number(settings[field] ?? 0) < 0) findings.error(`${words} must be non-negative`)
  }
  negative('http1MaxPendingRequests', 'http1 max pending requests')
  negative('http2MaxRequests', 'http2 max requests')
  negative('maxRequestsPerConnection', 'max requests per connection')
  negative('maxRetries', 'max retries')
  findings.error(duration(settings.idleTimeout))
  if (settings.h2UpgradePolicy === 'UPGRADE' && settings.useClientProtocol === true)
    findings.error('use client protocol must not be true when H2UpgradePolicy is UPGRADE')
  negative('maxConcurrentStreams', 'max concurrent streams')
  if (!isFields(settings.http2KeepAlive)) return
  findings.error(needed(settings.http2KeepAlive.interval, 'interval'))
  findings.error(needed(settings.http2KeepAlive.timeout, 'timeout'))
}

const tcp = (findings: Findings, settings: Record<string, unknown>): void => {
  if (Number(settings.maxConnections ?? 0) < 0) findings.error('max connections must be non-negative')
  findings.error(duration(settings.connectTimeout))
  findings.error(duration(settings.maxConnectionDuration))
  findings.decode(undecodable(settings.idleTimeout))
  // Nothing, to the millisecond, turns it off.
  if ((parseDuration(text(settings.idleTimeout) ?? '') ?? 0n) / 1_000_000n !== 0n)
    findings.error(duration(settings.idleTimeout))
  findings.error(duration(fields(settings.tcpKeepalive).time))
  findings.error(duration(fields(settings.tcpKeepalive).interval))
}

export const connectionPool = (findings: Findings, value: unknown): void => {
  if (!isFields(value)) return
  if (!isFields(value.http) && !isFields(value.tcp)) findings.error('connection pool must have at least one field')
  if (isFields(value.http)) http(findings, value.http)
  if (isFields(value.tcp)) tcp(findings, value.tcp)
}
