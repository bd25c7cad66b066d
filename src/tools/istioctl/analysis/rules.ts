/** DestinationRules, ServiceEntries, EnvoyFilters, and what the webhook warned of (analyzers/destinationrule, serviceentry, envoyfilter, schema). */
import type { KubeObject } from '../../../kube/api.ts'
import { type Fields, fields, isFields, labelMap, list, texts } from '../../../meshes/istio/read.ts'
import { validate } from '../../../meshes/istio/validate/validate.ts'
import { type Analyzer, type Facts, findHost, fullName, hostsOf, type Message, selected, textOf } from './facts.ts'

const unverified = (object: KubeObject): Message[] => {
  const { trafficPolicy, host, workloadSelector } = fields(object.spec)
  const isOpen = (tls: Fields): boolean =>
    ['SIMPLE', 'MUTUAL'].includes(textOf(tls.mode)) &&
    !textOf(tls.caCertificates) &&
    !(textOf(tls.credentialName) && isFields(workloadSelector))
  const says = ({ mode }: Fields): string =>
    `DestinationRule ${fullName(object)} in namespace ${object.metadata.namespace} has TLS mode set to ${textOf(mode)} but no caCertificates are set to validate server identity for host: ${textOf(host)}`
  const tls = fields(fields(trafficPolicy).tls)
  const ports = list(fields(trafficPolicy).portLevelSettings).map(fields)
  return [
    ...(isOpen(tls) ? [{ level: 'Warning' as const, code: 'IST0128', object, says: says(tls) }] : []),
    ...ports
      .filter((port) => isOpen(fields(port.tls)))
      .map(({ tls: own, port }): Message => {
        const at = `number:${fields(port).number}`
        return { level: 'Warning', code: 'IST0129', object, says: `${says(fields(own))} at port ${at}` }
      }),
  ]
}

const subsets = ({ ofKind }: Facts, object: KubeObject, selector: unknown): Message[] =>
  list(fields(object.spec).subsets)
    .map(fields)
    .filter(({ labels }) => selected(ofKind('Pod'), { ...labelMap(selector), ...labelMap(labels) }).length === 0)
    .map(({ name }) => ({
      level: 'Error',
      code: 'IST0173',
      object,
      says: `The Subset ${textOf(name)} defined in the DestinationRule does not select any pods. Which may lead to 503 UH (NoHealthyUpstream).`,
    }))

export const destinationRules: Analyzer = (facts) => {
  const hosts = hostsOf(facts)
  return facts.ofKind('DestinationRule').flatMap((object): Message[] => {
    const written = textOf(fields(object.spec).host)
    const host = findHost(hosts, written, object)
    const says = `The host ${written} defined in the DestinationRule does not match any services in the mesh.`
    return [
      ...(host === undefined
        ? [{ level: 'Warning' as const, code: 'IST0174', object, says }]
        : subsets(facts, object, host.selector)),
      ...unverified(object),
    ]
  })
}

export const serviceEntries: Analyzer = ({ ofKind }) =>
  ofKind('ServiceEntry').flatMap((object) => {
    const { addresses, ports } = fields(object.spec)
    const isAddressed = texts(addresses).length > 0 || list(fields(object.status).addresses).length > 0
    const isBytes = list(ports).some((port) => ['', 'TCP'].includes(textOf(fields(port).protocol).toUpperCase()))
    const says = 'ServiceEntry addresses are required for this protocol.'
    return isBytes && !isAddressed ? [{ level: 'Warning', code: 'IST0134', object, says }] : []
  })

const ignored = (operation: string): string =>
  `The ${operation} operation will be ignored when applyTo is set to ROUTE_CONFIGURATION, or HTTP_ROUTE.`

const relative =
  'This EnvoyFilter does not have a priority and has a relative patch operation set which can cause the EnvoyFilter not to be applied. Using the INSERT_FIRST of ADD option or setting the priority may help in ensuring the EnvoyFilter is applied correctly.'

const patchProblem = (
  applyTo: string,
  operation: string,
  hasPriority: boolean,
): Omit<Message, 'object'> | undefined => {
  const isRoute = applyTo === 'ROUTE_CONFIGURATION' || applyTo === 'HTTP_ROUTE'
  const replaceable = ['NETWORK_FILTER', 'HTTP_FILTER', 'VIRTUAL_HOST'].includes(applyTo)
  if (operation === 'ADD' && isRoute) return { level: 'Error', code: 'IST0153', says: ignored('ADD') }
  if (operation === 'REMOVE' && isRoute) return { level: 'Error', code: 'IST0154', says: ignored('REMOVE') }
  if (operation === 'REPLACE' && !replaceable)
    return {
      level: 'Error',
      code: 'IST0152',
      says: 'The REPLACE operation is only valid for HTTP_FILTER and NETWORK_FILTER.',
    }
  const isRelative = ['REMOVE', 'REPLACE', 'INSERT_BEFORE', 'INSERT_AFTER'].includes(operation)
  return isRelative && !hasPriority ? { level: 'Warning', code: 'IST0151', says: relative } : undefined
}

/** Of one filter alone: that another with a `proxyVersion` patches the same is not looked for (IST0155). */
export const envoyFilters: Analyzer = ({ ofKind }) =>
  ofKind('EnvoyFilter').flatMap((object) =>
    list(fields(object.spec).configPatches)
      .map(fields)
      .flatMap(({ applyTo, patch }) => {
        const hasPriority = Number(fields(object.spec).priority ?? 0) !== 0
        const found = patchProblem(textOf(applyTo), textOf(fields(patch).operation), hasPriority)
        return found === undefined ? [] : [{ ...found, object }]
      }),
  )

const unused = /^virtualService (rule .* not used) \((.*)\)$/s
const ineffective = /^virtualService (rule .* is not used \(duplicate\/overlapping match in rule .*\))$/s

/** What istiod's webhook warns of, said once more. */
export const warnings: Analyzer = ({ all }) =>
  all.flatMap((object) =>
    (validate({ operation: 'UPDATE', object }).warnings ?? []).map((warning): Message => {
      const [, rule, reason] = unused.exec(warning) ?? []
      if (rule !== undefined && !ineffective.test(warning))
        return { level: 'Warning', code: 'IST0130', object, says: `VirtualService ${rule} (${reason}).` }
      const [, match] = ineffective.exec(warning) ?? []
      if (match !== undefined) return { level: 'Info', code: 'IST0131', object, says: `VirtualService ${match}.` }
      return { level: 'Warning', code: 'IST0133', object, says: `Schema validation warning: ${warning}` }
    }),
  )
