/**
 * The few settings of MeshConfig (ConfigMap `istio-system/istio`, key `mesh`) that change verdicts, read line by line:
 * a YAML parser would cost more start-up time than these keys are worth. Not modelled: trustDomainAliases,
 * outboundTrafficPolicy REGISTRY_ONLY, meshMTLS, extensionProviders beyond their names.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Normalization } from '../match/paths.ts'
import { fields, text } from './read.ts'

export interface MeshConfig {
  trustDomain: string
  rootNamespace: string
  enableAutoMtls: boolean
  normalization: Normalization
  /** Names under `extensionProviders`. */
  providers: ReadonlySet<string>
}

export const defaultMeshConfig: MeshConfig = {
  trustDomain: 'cluster.local',
  rootNamespace: 'istio-system',
  enableAutoMtls: true,
  normalization: 'BASE',
  providers: new Set(),
}

const scalar = (mesh: string, key: string, indented = false): string | undefined => {
  const found = new RegExp(`^${indented ? '\\s+' : ''}${key}:[ \\t]*["']?([^"'#\\n]*?)["']?[ \\t]*(?:#.*)?$`, 'm').exec(
    mesh,
  )
  return found?.[1] || undefined
}

const providerNames = (mesh: string): ReadonlySet<string> => {
  const block = /^extensionProviders:[^\n]*\n((?:[ \t-][^\n]*(?:\n|$)|\n)*)/m.exec(mesh)?.[1] ?? ''
  return new Set([...block.matchAll(/^[ \t]*-?[ \t]*name:[ \t]*["']?([^"'\s#]+)/gm)].map((match) => match[1] ?? ''))
}

const normalizations: Record<string, Normalization> = {
  NONE: 'NONE',
  BASE: 'BASE',
  DEFAULT: 'BASE',
  MERGE_SLASHES: 'MERGE_SLASHES',
  DECODE_AND_MERGE_SLASHES: 'DECODE_AND_MERGE_SLASHES',
}

/** Settings that are absent, or a ConfigMap that is absent, mean the defaults. */
export const readMeshConfig = (configMap: KubeObject | undefined): MeshConfig => {
  const mesh = text(fields(configMap?.data).mesh) ?? ''
  if (mesh === '') return defaultMeshConfig
  return {
    trustDomain: scalar(mesh, 'trustDomain') ?? defaultMeshConfig.trustDomain,
    rootNamespace: scalar(mesh, 'rootNamespace') ?? defaultMeshConfig.rootNamespace,
    enableAutoMtls: scalar(mesh, 'enableAutoMtls') !== 'false',
    normalization: normalizations[scalar(mesh, 'normalization', true) ?? ''] ?? 'BASE',
    providers: providerNames(mesh),
  }
}
