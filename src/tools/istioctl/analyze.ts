/**
 * `istioctl analyze`: the checks that labs run into. Upstream: istio/istio pkg/config/analysis/analyzers and
 * msg/messages.yaml. Not modelled: analyzing files; annotations, images, several clusters, the Gateway API, expired or
 * shared certificates.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { Analyzer, Facts, Message } from './analysis/facts.ts'
import { gateways } from './analysis/gateways.ts'
import { authorization, sidecars, telemetries, telemetryProviders } from './analysis/policies.ts'
import { destinations, gatewayReferences, meshHosts } from './analysis/routes.ts'
import { destinationRules, envoyFilters, serviceEntries, warnings } from './analysis/rules.ts'
import { injection, keysFromAnywhere, portNames, sharedPorts } from './analysis/workloads.ts'
import { type Subcommand, ToolError } from './context.ts'

const analyzers: readonly Analyzer[] = [
  injection,
  portNames,
  keysFromAnywhere,
  sharedPorts,
  authorization,
  sidecars,
  telemetries,
  telemetryProviders,
  gateways,
  destinations,
  gatewayReferences,
  meshHosts,
  destinationRules,
  serviceEntries,
  envoyFilters,
  warnings,
]

const resources = (group: string, version: string, names: string) =>
  names.split(' ').map((resource) => ({ group, version, resource }))

const read = [
  ...resources('', 'v1', 'namespaces pods services secrets'),
  ...resources('apps', 'v1', 'deployments'),
  ...resources('security.istio.io', 'v1', 'authorizationpolicies peerauthentications requestauthentications'),
  ...resources('networking.istio.io', 'v1', 'virtualservices destinationrules serviceentries gateways sidecars'),
  ...resources('networking.istio.io', 'v1', 'workloadentries workloadgroups'),
  ...resources('networking.istio.io', 'v1alpha3', 'envoyfilters'),
  ...resources('networking.istio.io', 'v1beta1', 'proxyconfigs'),
  ...resources('extensions.istio.io', 'v1alpha1', 'wasmplugins'),
  ...resources('telemetry.istio.io', 'v1', 'telemetries'),
]

const order = { Error: 0, Warning: 1, Info: 2 }

const origin = ({ kind, metadata }: KubeObject): string =>
  `(${kind} ${metadata.namespace ? `${metadata.namespace}/` : ''}${metadata.name})`

/** By gravity, code, object and text (pkg/config/analysis/diag/messages.go). */
const compare = (a: Message, b: Message): number => {
  if (a.level !== b.level) return order[a.level] - order[b.level]
  const [left, right] = [a, b].map(({ code, object, says }) => `${code} ${origin(object)} ${says}`)
  return (left ?? '') < (right ?? '') ? -1 : 1
}

/** What there is to say of these objects, line by line. @param where the namespace to speak of; absent: all */
export const judge = (all: readonly KubeObject[], where?: string): { lines: string[]; hasErrors: boolean } => {
  const kinds = Map.groupBy(all, ({ kind }) => kind)
  const facts: Facts = { all, ofKind: (kind) => kinds.get(kind) ?? [] }
  const inScope = ({ object }: Message): boolean =>
    where === undefined || (object.kind === 'Namespace' ? object.metadata.name : object.metadata.namespace) === where
  const messages = analyzers
    .flatMap((analyzer) => analyzer(facts))
    .filter(inScope)
    .sort(compare)
  const lines = messages.map(({ level, code, object, says }) => `${level} [${code}] ${origin(object)} ${says}`)
  return { lines: [...new Set(lines)], hasErrors: messages.some(({ level }) => level === 'Error') }
}

export const analyze: Subcommand = async (context, files) => {
  if (files.length > 0) throw new ToolError('analyzing files is not modelled: apply them, and analyze the cluster')
  const where = context.allNamespaces ? undefined : (context.namespace ?? 'default')
  const { lines, hasErrors } = judge(await context.client.listAll(read), where)
  const target = where === undefined ? 'all namespaces' : `namespace: ${where}`
  for (const line of lines) context.out(`${line}\n`)
  if (lines.length === 0) context.err(`\u2714 No validation issues found when analyzing ${target}.\n`)
  if (!hasErrors) return 0
  context.err(
    `Error: Analyzers found issues when analyzing ${target}.\nSee https://istio.io/v1.30/docs/reference/config/analysis for more information about causes and resolutions.\n`,
  )
  return 79
}
