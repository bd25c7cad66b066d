/** What proxies count and log: linkerd2-proxy linkerd/app/core/src/transport/labels.rs (tests), app/inbound/src/policy/http.rs. */
import { describe, expect, test } from 'vitest'
import { formatLabels } from '../../../src/embedded/telemetry/series.ts'
import { linkerd } from '../../../src/meshes/linkerd/index.ts'
import type { Finished } from '../../../src/meshes/traffic.ts'
import { type Ask, expand, makeCall, type Short, worldWith } from './world.ts'

const frontend = 'frontend.production.serviceaccount.identity.linkerd.cluster.local'
const target = 'target_addr="10.1.0.2:8080",target_ip="10.1.0.2",target_port="8080"'
const server = 'srv_group="policy.linkerd.io",srv_kind="server",srv_name="api",srv_port="8080"'
const all = 'srv_group="",srv_kind="default",srv_name="all-unauthenticated",srv_port="8080"'
const route = 'route_group="",route_kind="default",route_name="default"'

/** The series and lines of the receiver's proxy after one call, which the application answers with 200 if it gets there. */
const recorded = (ask: Ask, objects: Short[]): { series: string[]; lines: string[] } => {
  const world = worldWith(objects.map(expand))
  const { model } = linkerd.compile(world)
  const call = makeCall(world, ask)
  const verdict = linkerd.decide(model, call)
  const { effect } = verdict
  const status = effect?.kind === 'respond' ? effect.status : 200
  const finished: Finished = {
    from: call.source,
    dialled: { host: 'api', port: 80 },
    call,
    verdict,
    ...(call.http ? { request: call.http, response: { status, headers: [] } } : {}),
    ...(effect?.kind === 'forward' && call.http ? { forwarded: call.http } : {}),
    bytes: { sent: 0, received: 0 },
    start: 0,
    duration: 1,
  }
  const reports = linkerd.telemetry!.report(model, undefined, finished, 'id')
  const own = reports.filter(({ pod }) => pod.metadata.name === 'api')
  return {
    series: own.flatMap(({ samples }) => samples.map(({ name, labels }) => `${name}{${formatLabels(labels)}}`)),
    lines: own.flatMap(({ lines }) => lines.map(({ text }) => text.replace(/^.*?ThreadId\(01\) /, ''))),
  }
}

const api = (spec: Record<string, unknown> = {}): Short => ({
  is: 'Server production/api',
  spec: { podSelector: {}, port: 8080, ...spec },
})

describe('what the receiver counts', () => {
  test('an authorized request, by route and authorization', () => {
    const { series } = recorded({ from: 'production/frontend', to: 'http://api/' }, [])
    const authz = 'authz_group="",authz_kind="default",authz_name="all-unauthenticated"'
    const tls = `tls="true",client_id="${frontend}"`
    expect(series).toContain(`inbound_http_authz_allow_total{${target},${all},${route},${authz},${tls}}`)
    expect(series).toContain(
      `response_total{direction="inbound",authority="api",${target},${tls},${all},${route},${authz},status_code="200",classification="success",grpc_status="",error=""}`,
    )
  })

  test('a refusal has no authorization', () => {
    const { series } = recorded({ from: 'legacy/client', to: 'http://api.production/' }, [api()])
    const tls = 'tls="no_identity",no_tls_reason="no_tls_from_remote"'
    expect(series).toEqual([`inbound_http_authz_deny_total{${target},${server},${route},${tls}}`])
  })

  test('a connection that is refused, on an opaque port where no handshake is looked for', () => {
    const { series, lines } = recorded({ from: 'legacy/client', to: 'http://api.production/' }, [
      api({ proxyProtocol: 'opaque' }),
    ])
    const tls = 'tls="no_identity",no_tls_reason="port_skipped"'
    expect(series).toEqual([`inbound_tcp_authz_deny_total{${target},${server},${tls}}`])
    expect(lines).toEqual([
      'inbound:server{port=8080}: linkerd_app_inbound::policy::tcp: Connection denied server.group=policy.linkerd.io server.kind=server server.name=api tls=None(PortSkipped) client=10.1.2.1:32768',
    ])
  })

  test('TLS of the application, with the name that it asks for', () => {
    const { series } = recorded({ from: 'legacy/client', to: 'https://api.production:80' }, [])
    expect(series).toEqual([
      `inbound_tcp_authz_allow_total{${target},${all},authz_group="",authz_kind="default",authz_name="all-unauthenticated",tls="opaque",sni="api.production"}`,
    ])
  })

  test('a request that no route takes', () => {
    const parentRefs = [{ group: 'policy.linkerd.io', kind: 'Server', name: 'api' }]
    const other = {
      is: 'HTTPRoute production/x',
      spec: { parentRefs, rules: [{ matches: [{ path: { value: '/x' } }] }] },
    }
    const { series, lines } = recorded({ from: 'production/frontend', to: 'http://api/y?z' }, [api(), other])
    expect(series).toEqual([
      `inbound_http_route_not_found_total{${target},${server},tls="true",client_id="${frontend}"}`,
    ])
    expect(lines).toEqual([
      'inbound:server{port=8080}:rescue{client.addr=10.1.0.1:32768}: linkerd_app_core::errors::respond: HTTP/1.1 request failed error=client 10.1.0.1:32768: server: 10.1.0.2:8080: no route found for request error.sources=[no route found for request] path="/y"',
    ])
  })

  test('what an audit lets in is told', () => {
    const { lines } = recorded({ from: 'legacy/client', to: 'http://api.production/' }, [
      api({ accessPolicy: 'audit' }),
    ])
    expect(lines).toEqual([
      'inbound:server{port=8080}: linkerd_app_inbound::policy::http: Request allowed server.group=policy.linkerd.io server.kind=server server.name=api route.group= route.kind=default route.name=default client.tls=None(NoClientHello) client.ip=10.1.2.1 authz.group= authz.kind=default authz.name=audit',
    ])
  })
})
