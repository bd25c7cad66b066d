/**
 * Webhooks that somebody registers. None is called: nothing that runs here can answer them. What a webhook matches is
 * therefore refused, or let in with a warning, as its `failurePolicy` says, in the words of k8s.io/apiserver
 * pkg/admission/plugin/webhook/errors/statuserror.go. The mesh's own webhooks answer by a path of their own
 * (`apiserver/webhooks.ts`); they are known by the namespace of their Service.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { internal } from '../apiserver/errors.ts'
import { toCel } from '../crds/cel/values.ts'
import type { EndpointSliceObject } from '../kinds/types.ts'
import type { Webhook, WebhookConfiguration } from '../kinds/webhooks.ts'
import type { Registry } from '../registry.ts'
import { ruleMatches, selectorsMatch } from './match.ts'
import { compileExpression } from './policies/engine.ts'
import { requestOf } from './policies/request.ts'

const group = 'admissionregistration.k8s.io'
const mutating = { group, resource: 'mutatingwebhookconfigurations' }
const validating = { group, resource: 'validatingwebhookconfigurations' }
const services = { group: '', resource: 'services' }
const slices = { group: 'discovery.k8s.io', resource: 'endpointslices' }

/** The namespaces whose Services answer the webhooks that are registered now. */
export const webhookNamespaces = (registry: Registry): Set<string> =>
  new Set(
    [mutating, validating].flatMap((kind) =>
      (registry.list(kind) as WebhookConfiguration[]).flatMap(({ webhooks = [] }) =>
        webhooks.flatMap(({ clientConfig }) => clientConfig?.service?.namespace ?? []),
      ),
    ),
  )

const conditionsHold = ({ matchConditions = [] }: Webhook, request: AdmissionRequest): boolean =>
  matchConditions.every(({ expression = '' }) => {
    const compiled = compileExpression(expression)
    if ('problem' in compiled) return true
    try {
      return (
        compiled.evaluate({
          object: toCel(undefined, request.object ?? null),
          oldObject: toCel(undefined, request.oldObject ?? null),
          request: requestOf(request),
          params: null,
          namespaceObject: null,
          variables: {},
        }) === true
      )
    } catch {
      return true
    }
  })

const isReady = (slice: KubeObject): boolean =>
  (slice as EndpointSliceObject).endpoints?.some(({ conditions }) => conditions?.ready !== false) ?? false

/** @param isOwn whether the mesh answers the webhooks of Services in that namespace */
export const webhooksPlugin = (registry: Registry, isOwn: (namespace: string) => boolean): AdmissionPlugin => {
  const obstacle = ({ clientConfig = {} }: Webhook): string => {
    const { name = '', namespace = '' } = clientConfig.service ?? {}
    const unable = 'this simulated cluster does not call webhooks'
    if (!clientConfig.service) return unable
    if (!registry.get(services, name, namespace)) return `service "${name}" not found`
    const own = registry.list(slices, {
      namespace,
      where: ({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === name,
    })
    return own.some(isReady) ? unable : `no endpoints available for service "${name}"`
  }

  const addressOf = ({ clientConfig = {}, timeoutSeconds = 10 }: Webhook): string => {
    const { url, service } = clientConfig
    const host =
      service && `https://${service.name}.${service.namespace}.svc:${service.port ?? 443}${service.path ?? '/'}`
    return `${host ?? url}?timeout=${timeoutSeconds}s`
  }

  const ask = (kind: typeof mutating, request: AdmissionRequest): void => {
    // Whoever registered a wrong webhook must be able to take it away.
    if (request.group === group && /webhookconfigurations$/.test(request.resource)) return
    for (const object of registry.list(kind) as WebhookConfiguration[]) {
      for (const webhook of object.webhooks ?? []) {
        const service = webhook.clientConfig?.service
        if (service?.namespace && isOwn(service.namespace)) continue
        if (!webhook.rules?.some((rule) => ruleMatches(rule, request))) continue
        if (!selectorsMatch(registry, webhook, request) || !conditionsHold(webhook, request)) continue
        const says = `failed calling webhook "${webhook.name}": failed to call webhook: Post "${addressOf(webhook)}": ${obstacle(webhook)}`
        if (webhook.failurePolicy !== 'Ignore') throw internal(says)
        request.warn(`${says}; the request passes because of its failurePolicy Ignore`)
      }
    }
  }

  return {
    name: 'Webhooks',
    mutate: (request) => ask(mutating, request),
    validate: (request) => ask(validating, request),
  }
}
