/** What sidecars write about an exchange: rows of objects, a request, the lines and the labels on each side. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { createExpressions } from '../../../src/embedded/telemetry/expressions.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import type { Finished, ProxyReport } from '../../../src/meshes/traffic.ts'
import { type Ask, expand, makeCall, worldWith } from './world.ts'

/** Of a gateway in the middle, its own. */
type Side = 'client' | 'gateway' | 'server'

interface Row extends Ask {
  name: string
  source: string
  objects?: Parameters<typeof expand>[0][]
  /** What is not there: a ready pod behind the Service, or a program behind its port. */
  without?: 'endpoints' | 'application'
  logs: Partial<Record<Side, string[]>>
  /** Looks at this metric alone. */
  only?: string
  metrics: Partial<Record<Side, Record<string, Record<string, string | number | null>>>>
}

const rows = (file: string): Row[] =>
  parse(readFileSync(fileURLToPath(new URL(`../../cases/istio/telemetry/${file}`, import.meta.url)), 'utf8'), {
    merge: true,
  })

const evaluate = createExpressions()
const text = (status: number, size: number) => ({
  response: { status, headers: [['content-type', 'text/plain']] as [string, string][] },
  bytes: { sent: 5, received: size },
})

/** The exchange as the data plane would report it: five bytes there, eleven back, in 7 ms. */
const finish = (row: Row): ProxyReport[] => {
  const own = (row.objects ?? []).map(expand)
  const installed = istio
    .install()
    .filter(({ kind }) => kind === 'ConfigMap' && !own.some((each) => each.kind === kind))
  const objects = worldWith([...own, ...installed])
  const { model } = istio.compile(objects, { parseYaml: parse })
  const call = makeCall(objects, row)
  const verdict = istio.decide(model, call)
  const { effect } = verdict
  const answered =
    row.without === 'endpoints'
      ? text(503, 19)
      : effect?.kind === 'respond'
        ? text(effect.status, effect.body.length)
        : effect?.kind === 'forward'
          ? text(row.without ? 503 : 200, 11)
          : { failure: { kind: 'reset' }, bytes: { sent: 5, received: 0 } }
  const { response, ...bytes } = { response: undefined, ...answered }
  const finished: Finished = {
    from: call.source,
    dialled: {
      host: 'x',
      port: call.service?.port.port ?? call.port,
      address: call.service?.object.spec.clusterIP ?? call.destination.status?.podIP,
    },
    ...(row.without === 'endpoints' ? {} : { call, verdict }),
    ...(call.service ? { service: call.service } : {}),
    ...(call.http ? { request: call.http } : {}),
    ...(response && (call.http || verdict.endsTls) ? { response } : {}),
    ...(row.without === 'application' ? { failure: { kind: 'refused' } } : {}),
    ...bytes,
    start: Date.UTC(2026, 10, 24),
    duration: 7,
    serviceTime: 3,
  }
  const telemetry = istio.telemetry!
  const settings = telemetry.compile(objects, parse)
  return telemetry.report(model, settings, finished, '11111111-2222-4333-8444-555555555555')
}

const sideOf = (row: Row, { pod }: ProxyReport): Side =>
  istio.isGateway?.(pod)
    ? 'gateway'
    : `${pod.metadata.namespace}/${pod.metadata.name}` === row.from
      ? 'client'
      : 'server'

const plain = (line: string): string =>
  line
    .replace('2026-11-24T00:00:00.000Z', 'T')
    .replace('11111111-2222-4333-8444-555555555555', 'ID')
    .replace(/:(3[2-9]|[45]\d|60)\d{3}\b/g, ':P')

describe('access logs', () => {
  test.each(rows('access-logs.yaml'))('$name', (row) => {
    expect(row.source, 'every row names its proof').toBeTruthy()
    const lines: Row['logs'] = {}
    for (const report of finish(row)) {
      const written = report.lines.filter(({ when }) => {
        const found = when === undefined ? { value: true } : evaluate(when, report.attributes)
        expect(found).not.toHaveProperty('problem')
        return 'value' in found && found.value === true
      })
      if (written.length > 0) lines[sideOf(row, report)] = written.map(({ text }) => plain(text))
    }
    expect(lines).toEqual(row.logs)
  })
})

describe('metrics', () => {
  test.each(rows('metrics.yaml'))('$name', (row) => {
    expect(row.source, 'every row names its proof').toBeTruthy()
    const seen: Record<string, string[]> = {}
    for (const report of finish(row)) {
      const side = sideOf(row, report)
      for (const sample of report.samples) {
        if (row.only !== undefined && sample.name !== row.only) continue
        seen[side] = [...(seen[side] ?? []), sample.name]
        const labels: Record<string, unknown> = { value: sample.value, ...sample.labels }
        for (const [name, expression] of Object.entries(sample.computed ?? {})) {
          const found = evaluate(expression, report.attributes)
          labels[name] = ('value' in found ? found.value : undefined) ?? 'unknown'
        }
        for (const [name, wanted] of Object.entries(row.metrics[side]?.[sample.name] ?? {})) {
          if (wanted === null) expect(labels).not.toHaveProperty(name)
          else expect({ [name]: labels[name] }).toEqual({ [name]: wanted })
        }
      }
    }
    const wanted = Object.entries(row.metrics).map(([side, names]) => [side, Object.keys(names).sort()])
    expect(Object.entries(seen).map(([side, names]) => [side, names.sort()])).toEqual(wanted)
  })
})

test('labels come in Envoy’s order', () => {
  const [report] = finish(rows('metrics.yaml')[0]!)
  expect(Object.keys(report!.samples[0]!.labels)).toEqual([
    'reporter',
    ...['workload', 'canonical_service', 'canonical_revision', 'workload_namespace', 'principal', 'app', 'version']
      .concat('cluster')
      .map((name) => `source_${name}`),
    ...['workload', 'workload_namespace', 'principal', 'app', 'version', 'service', 'canonical_service']
      .concat('canonical_revision', 'service_name', 'service_namespace', 'cluster')
      .map((name) => `destination_${name}`),
    'request_protocol',
    'response_code',
    'grpc_response_status',
    'response_flags',
    'connection_security_policy',
  ])
})
