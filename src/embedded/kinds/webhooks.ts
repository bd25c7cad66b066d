/** Webhook configurations. What they match is answered in `admission/webhooks.ts`; the mesh's own are built in. */
import type { KubeObject } from '../../kube/api.ts'
import type { LabelSelector } from '../../kube/kinds.ts'
import type { Rule } from '../admission/match.ts'
import { ageColumn, integer, nameColumn } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import { complaints, invalid, oneOf, required } from './validation/errors.ts'
import { dnsSubdomain } from './validation/names.ts'

export interface Webhook {
  name?: string
  admissionReviewVersions?: string[]
  clientConfig?: { url?: string; service?: { name?: string; namespace?: string; path?: string; port?: number } }
  failurePolicy?: string
  matchPolicy?: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  matchConditions?: { name?: string; expression?: string }[]
  reinvocationPolicy?: string
  rules?: Rule[]
  sideEffects?: string
  timeoutSeconds?: number
}

export interface WebhookConfiguration extends KubeObject {
  webhooks?: Webhook[]
}

const defaults = (webhook: Webhook, mutating: boolean) => {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= 10
  if (mutating) webhook.reinvocationPolicy ??= 'Never'
  for (const rule of webhook.rules ?? []) rule.scope ??= '*'
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443
}

const nameErrors = (name: string, at: string): FieldError[] => {
  const says = 'should be a domain with at least three segments separated by dots'
  return name.split('.').length < 3 ? [invalid(at, name, says)] : complaints(at, name, dnsSubdomain)
}

const errors = (webhook: Webhook, at: string): FieldError[] => [
  ...(webhook.name ? nameErrors(webhook.name, `${at}.name`) : [required(`${at}.name`)]),
  ...oneOf(`${at}.sideEffects`, webhook.sideEffects, ['None', 'NoneOnDryRun']),
  ...(webhook.clientConfig?.url || webhook.clientConfig?.service
    ? []
    : [required(`${at}.clientConfig`, 'exactly one of url or service is required')]),
  ...(webhook.admissionReviewVersions?.length
    ? []
    : [required(`${at}.admissionReviewVersions`, 'must specify one of v1, v1beta1')]),
]

const configuration = (kind: string, mutating: boolean): Kind => ({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind,
  resource: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  namespaced: false,
  goType: `admissionregistration/v1.${kind}`,
  generation: true,
  setDefaults: (object) => {
    for (const webhook of (object as WebhookConfiguration).webhooks ?? []) defaults(webhook, mutating)
  },
  validate: (object) =>
    ((object as WebhookConfiguration).webhooks ?? []).flatMap((webhook, index) =>
      errors(webhook, `webhooks[${index}]`),
    ),
  columns: [nameColumn, integer<WebhookConfiguration>('Webhooks', ({ webhooks }) => webhooks?.length ?? 0), ageColumn],
})

export const webhookConfigurationKinds: Kind[] = [
  configuration('MutatingWebhookConfiguration', true),
  configuration('ValidatingWebhookConfiguration', false),
]
