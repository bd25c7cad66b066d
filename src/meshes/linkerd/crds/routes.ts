/** The CRDs of HTTPRoute, Linkerd's own and the Gateway API's, and of GRPCRoute as far as its being there matters. */
import type { KubeObject } from '../../../kube/api.ts'
import { choice, doc, integer, list, object, type Schema, string, text } from '../../schema.ts'
import { anyStatus, crd, groupName, kindName, objectName, spaceName } from './definition.ts'

const port = integer({ minimum: 1, maximum: 65535, format: 'int32' })
const name = string({ minLength: 1, maxLength: 256 })
const value = string({ minLength: 1, maxLength: 4096 })
const how = { ...choice('Exact', 'RegularExpression'), default: 'Exact' }
const pair = object({ name, value, type: how }, { required: ['name', 'value'] })
const hostname = string({
  minLength: 1,
  maxLength: 253,
  pattern: '^(\\*\\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$',
})

const parents = (defaults: { group: string; kind: string }): Schema =>
  doc(
    'What the route hangs on. For an inbound route of Linkerd: group policy.linkerd.io, kind Server.',
    list(
      object(
        {
          group: { ...groupName, default: defaults.group },
          kind: { ...kindName, default: defaults.kind },
          name: objectName,
          namespace: spaceName,
          port,
          sectionName: text,
        },
        { required: ['name'] },
      ),
      { maxItems: 32 },
    ),
  )

const headerFilter = object({
  add: list(object({ name, value }, { required: ['name', 'value'] })),
  set: list(object({ name, value }, { required: ['name', 'value'] })),
  remove: list(text),
})

const filter = (types: string[]): Schema =>
  object(
    {
      type: choice(...types),
      requestHeaderModifier: headerFilter,
      responseHeaderModifier: headerFilter,
      requestRedirect: object({
        scheme: choice('http', 'https'),
        hostname,
        path: object(
          { type: choice('ReplaceFullPath', 'ReplacePrefixMatch'), replaceFullPath: text, replacePrefixMatch: text },
          { required: ['type'] },
        ),
        port,
        statusCode: integer({ enum: [301, 302, 303, 307, 308], default: 302 }),
      }),
      urlRewrite: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      requestMirror: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      extensionRef: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    },
    { required: ['type'] },
  )

const match = object({
  path: doc(
    'The path without its query. A prefix counts whole segments; a regular expression has to cover all of it.',
    object(
      {
        type: { ...choice('Exact', 'PathPrefix', 'RegularExpression'), default: 'PathPrefix' },
        value: string({ maxLength: 1024, default: '/' }),
      },
      { default: { type: 'PathPrefix', value: '/' } },
    ),
  ),
  headers: list(pair, { maxItems: 16 }),
  queryParams: list(pair, { maxItems: 16 }),
  method: choice('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'),
})

const rules = (filters: string[]): Schema =>
  list(
    object({
      name: text,
      matches: doc('Any of these is enough. None: every request.', list(match, { maxItems: 64 })),
      filters: list(filter(filters), { maxItems: 16 }),
      backendRefs: list(
        object(
          {
            group: groupName,
            kind: kindName,
            name: objectName,
            namespace: spaceName,
            port,
            weight: integer({ minimum: 0, maximum: 1000000, format: 'int32' }),
          },
          { required: ['name'] },
        ),
        { maxItems: 16 },
      ),
      timeouts: object({ request: text, backendRequest: text }),
    }),
    { maxItems: 16 },
  )

const ownFilters = ['RequestHeaderModifier', 'ResponseHeaderModifier', 'RequestRedirect']
const columns: [string, string, string, string][] = [
  ['Hostnames', 'string', '.spec.hostnames', 'The hosts that it is for'],
  ['Age', 'date', '.metadata.creationTimestamp', 'Time since creation'],
]

const spec = (defaults: { group: string; kind: string }, filters: string[]): Schema =>
  doc(
    'Requests that are told apart by path, headers, query and method.',
    object({ parentRefs: parents(defaults), hostnames: list(hostname, { maxItems: 16 }), rules: rules(filters) }),
  )

export const policyHttpRoute = (): KubeObject =>
  crd({
    group: 'policy.linkerd.io',
    kind: 'HTTPRoute',
    plural: 'httproutes',
    storage: 'v1beta3',
    versions: ['v1alpha1', 'v1beta1', 'v1beta2', 'v1beta3'].map((version) => ({
      name: version,
      status: anyStatus,
      spec: spec({ group: 'policy.linkerd.io', kind: 'Gateway' }, ownFilters),
      columns,
    })),
  })

const gatewayLabels = { 'gateway.networking.k8s.io/policy': 'Direct' }
const gatewayDefaults = { group: 'gateway.networking.k8s.io', kind: 'Gateway' }

export const gatewayHttpRoute = (): KubeObject =>
  crd({
    group: 'gateway.networking.k8s.io',
    kind: 'HTTPRoute',
    plural: 'httproutes',
    storage: 'v1',
    labels: gatewayLabels,
    versions: ['v1', 'v1beta1'].map((version) => ({
      name: version,
      status: anyStatus,
      spec: spec(gatewayDefaults, [...ownFilters, 'URLRewrite', 'RequestMirror', 'ExtensionRef']),
      columns,
    })),
  })

export const grpcRoute = (): KubeObject =>
  crd({
    group: 'gateway.networking.k8s.io',
    kind: 'GRPCRoute',
    plural: 'grpcroutes',
    storage: 'v1',
    labels: gatewayLabels,
    versions: [
      {
        name: 'v1',
        status: anyStatus,
        spec: object({
          parentRefs: parents(gatewayDefaults),
          hostnames: list(hostname, { maxItems: 16 }),
          rules: list({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, { maxItems: 16 }),
        }),
        columns,
      },
    ],
  })
