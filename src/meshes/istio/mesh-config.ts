/**
 * The few settings of MeshConfig (ConfigMap `istio-system/istio`, key `mesh`) that change verdicts, read line by line:
 * a YAML parser would cost more start-up time than these keys are worth. What else changes verdicts is named, and they
 * are `unknown`. Not read: of extensionProviders all but their names, kinds and services.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import type { Normalization } from '../match/paths.ts'
import type { Evidence } from '../verdict.ts'
import { fields, refOf, text } from './read.ts'

/** What becomes of traffic to places that the registry does not know. */
export type OutboundPolicy = 'ALLOW_ANY' | 'REGISTRY_ONLY'

export interface MeshConfig {
  trustDomain: string
  rootNamespace: string
  enableAutoMtls: boolean
  normalization: Normalization
  /** Other names of the trust domain, for migrations. */
  trustDomainAliases: readonly string[]
  /** Proxies in front of gateways whose X-Forwarded-For entries count (`gatewayTopology.numTrustedProxies`). */
  trustedProxies: number
  /** By name. */
  providers: ReadonlyMap<string, ExtensionProvider>
  outboundPolicy: OutboundPolicy
  /** Where it is said; absent for the default. */
  outboundPolicyFrom?: Evidence
  /** A key that would change verdicts and is not modelled. */
  unmodelled?: { key: string; evidence: Evidence }
}

/** Keys of MeshConfig (istio/api mesh/v1alpha1/config.proto) that change what sidecars do with traffic. */
const unmodelledKeys = [
  'connectTimeout',
  'defaultDestinationRuleExportTo',
  'defaultHttpRetryPolicy',
  'defaultServiceExportTo',
  'defaultTrafficPolicy',
  'defaultVirtualServiceExportTo',
  'discoverySelectors',
  'h2UpgradePolicy',
  'inboundTrafficPolicy',
  'localityLbSetting',
  'serviceEntryVisibility',
  'serviceSettings',
] as const

/** An entry of `extensionProviders`. */
export interface ExtensionProvider {
  /** `envoyExtAuthzHttp`, `envoyExtAuthzGrpc`, `envoyOtelAls`, … */
  kind: string
  /** Host of the registry, possibly as `namespace/host`. */
  service: string
  port: number
}

export const defaultMeshConfig: MeshConfig = {
  trustDomain: 'cluster.local',
  rootNamespace: 'istio-system',
  enableAutoMtls: true,
  normalization: 'BASE',
  trustDomainAliases: [],
  trustedProxies: 0,
  providers: new Map(),
  outboundPolicy: 'ALLOW_ANY',
}

const scalar = (mesh: string, key: string): string | undefined => {
  const found = new RegExp(`^${key}:[ \\t]*["']?([^"'#\\n]*?)["']?[ \\t]*(?:#.*)?$`, 'm').exec(mesh)
  return found?.[1] || undefined
}

/** The lines under a top-level key, up to the next one. */
const block = (mesh: string, key: string): string =>
  new RegExp(`^${key}:[^\\n]*\\n((?:[ \\t-][^\\n]*(?:\\n|$)|\\n)*)`, 'm').exec(mesh)?.[1] ?? ''

/** `key: [a, b]`, or one `- a` a line. */
const listOf = (mesh: string, key: string): string[] => {
  const inline = new RegExp(`^${key}:[ \\t]*\\[([^\\]]*)\\]`, 'm').exec(mesh)?.[1]
  const items =
    inline === undefined
      ? block(mesh, key)
          .split('\n')
          .map((line) => line.replace(/^\s*-/, ''))
      : inline.split(',')
  return items.map((item) => item.trim().replace(/^["']|["']$/g, '')).filter((item) => item !== '')
}

const readProviders = (mesh: string): ReadonlyMap<string, ExtensionProvider> => {
  const text = block(mesh, 'extensionProviders')
  const indent = /^([ \t]*)- /m.exec(text)?.[1] ?? ''
  const items = text.split(new RegExp(`^${indent}- `, 'm')).slice(1)
  return new Map(
    items.flatMap((item): [string, ExtensionProvider][] => {
      const scalarOf = (key: string): string | undefined =>
        new RegExp(`^[ \\t]*${key}:[ \\t]*["']?([^"'\\s#]+)`, 'm').exec(item)?.[1]
      const name = scalarOf('name')
      const kind =
        /^[ \t]*((?:envoy|zipkin|lightstep|datadog|stackdriver|opencensus|skywalking|opentelemetry|prometheus|sds)\w*):/m.exec(
          item,
        )?.[1]
      if (name === undefined) return []
      return [[name, { kind: kind ?? '', service: scalarOf('service') ?? '', port: Number(scalarOf('port') ?? 0) }]]
    }),
  )
}

const normalizations: Record<string, Normalization> = {
  NONE: 'NONE',
  BASE: 'BASE',
  DEFAULT: 'BASE',
  MERGE_SLASHES: 'MERGE_SLASHES',
  DECODE_AND_MERGE_SLASHES: 'DECODE_AND_MERGE_SLASHES',
}

/** `outboundTrafficPolicy:` with `mode:` below it or in braces. */
const outboundMode = (mesh: string): string | undefined =>
  /^outboundTrafficPolicy:[ \t]*(?:\{[^}\n]*?mode:|\n(?:[ \t]+[^\n]*\n)*?[ \t]+mode:)[ \t]*["']?([A-Z_]+)/m.exec(
    mesh,
  )?.[1]

/** `pathNormalization: {normalization: X}`, in one line or two. */
const readNormalization = (mesh: string): Normalization => {
  const inline = /^pathNormalization:[ \t]*\{([^}\n]*)\}/m.exec(mesh)?.[1]
  const value = /(?:^|[\s,])normalization:[ \t]*["']?(\w+)/m.exec(inline ?? block(mesh, 'pathNormalization'))?.[1]
  return normalizations[value ?? ''] ?? 'BASE'
}

/** Of a ProxyConfig in YAML or JSON, whose only field of that name is gatewayTopology's. */
const readTrustedProxies = (config: string): number | undefined => {
  const found = /(?:^|[\s,{])"?numTrustedProxies"?:[ \t]*(\d+)/m.exec(config)?.[1]
  return found === undefined ? undefined : Number(found)
}

/** For a gateway's pod: its own annotation comes before the mesh's default. */
export const trustedProxiesOf = ({ metadata }: Pod, config: MeshConfig): number =>
  readTrustedProxies(metadata.annotations?.['proxy.istio.io/config'] ?? '') ?? config.trustedProxies

/** Settings that are absent, or a ConfigMap that is absent, mean the defaults. */
export const readMeshConfig = (configMap: KubeObject | undefined): MeshConfig => {
  const mesh = text(fields(configMap?.data).mesh) ?? ''
  if (configMap === undefined || mesh === '') return defaultMeshConfig
  const mode = outboundMode(mesh)
  const said = (key: string): boolean => new RegExp(`^${key}:`, 'm').test(mesh)
  const key = mode === 'ALLOW_ANY_DYNAMIC_DNS' ? 'outboundTrafficPolicy' : unmodelledKeys.find(said)
  return {
    trustDomain: scalar(mesh, 'trustDomain') ?? defaultMeshConfig.trustDomain,
    rootNamespace: scalar(mesh, 'rootNamespace') ?? defaultMeshConfig.rootNamespace,
    enableAutoMtls: scalar(mesh, 'enableAutoMtls') !== 'false',
    normalization: readNormalization(mesh),
    trustDomainAliases: listOf(mesh, 'trustDomainAliases'),
    trustedProxies: readTrustedProxies(block(mesh, 'defaultConfig')) ?? 0,
    providers: readProviders(mesh),
    outboundPolicy: mode === 'REGISTRY_ONLY' ? 'REGISTRY_ONLY' : 'ALLOW_ANY',
    ...(key === undefined ? {} : { unmodelled: { key, evidence: { object: refOf(configMap), field: 'data.mesh' } } }),
    ...(mode === undefined ? {} : { outboundPolicyFrom: { object: refOf(configMap), field: 'data.mesh' } }),
  }
}
