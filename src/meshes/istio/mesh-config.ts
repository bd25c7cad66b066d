/**
 * The few settings of MeshConfig (ConfigMap `istio-system/istio`, key `mesh`) that change verdicts, read line by line:
 * a YAML parser would cost more start-up time than these keys are worth. What else changes verdicts is named, and they
 * are `unknown`. Only `extensionProviders` need a YAML parser.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Pod } from '../../kube/kinds.ts'
import type { Normalization } from '../match/paths.ts'
import type { Evidence } from '../verdict.ts'
import { type ExtensionProvider, readProviders } from './ext-authz/provider.ts'
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
  /** `extensionProviders` by name, or that there are some and nobody read them. */
  providers: ReadonlyMap<string, ExtensionProvider> | 'unread'
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

/** Providers are of any shape, and read by a library. Unread: there are some, and nobody could read them. */
const providersIn = (mesh: string, parseYaml?: (text: string) => unknown): MeshConfig['providers'] => {
  if (!/^extensionProviders:/m.test(mesh)) return new Map()
  if (parseYaml === undefined) return 'unread'
  try {
    return readProviders(parseYaml(mesh))
  } catch {
    // istiod keeps what it had before, which is not known here.
    return 'unread'
  }
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
export const readMeshConfig = (
  configMap: KubeObject | undefined,
  parseYaml?: (text: string) => unknown,
): MeshConfig => {
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
    providers: providersIn(mesh, parseYaml),
    outboundPolicy: mode === 'REGISTRY_ONLY' ? 'REGISTRY_ONLY' : 'ALLOW_ANY',
    ...(key === undefined ? {} : { unmodelled: { key, evidence: { object: refOf(configMap), field: 'data.mesh' } } }),
    ...(mode === undefined ? {} : { outboundPolicyFrom: { object: refOf(configMap), field: 'data.mesh' } }),
  }
}
