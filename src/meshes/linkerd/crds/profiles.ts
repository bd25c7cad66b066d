/** The CRD of ServiceProfile: how callers meet a Service, from before there were routes. */
import type { KubeObject } from '../../../kube/api.ts'
import { doc, flag, integer, list, object, type Schema, text } from '../../schema.ts'
import { crd } from './definition.ts'

const preserved: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const number: Schema = { type: 'number', format: 'float' }
const status = integer({ format: 'int32' })

const requests = object({
  all: list(preserved),
  any: list(preserved),
  not: list(preserved),
  pathRegex: text,
  method: text,
})

const responses = object({
  all: list(preserved),
  any: list(preserved),
  not: preserved,
  status: object({ min: status, max: status }),
})

const spec = doc(
  "How callers meet the Service that the profile is named after, in its namespace or in the callers'.",
  object(
    {
      dstOverrides: doc(
        'Where requests go instead, by weight.',
        list(object({ authority: text, weight: { 'x-kubernetes-int-or-string': true } })),
      ),
      opaquePorts: doc('Ports that callers take for bytes.', list(text)),
      retryBudget: doc(
        'How many requests are sent again at most.',
        object(
          { minRetriesPerSecond: integer({ format: 'int32' }), retryRatio: number, ttl: text },
          { required: ['minRetriesPerSecond', 'retryRatio', 'ttl'] },
        ),
      ),
      routes: doc(
        'Requests that are told apart, in metrics first of all.',
        list(
          object(
            {
              condition: requests,
              isRetryable: doc('Whether requests that failed are sent again.', flag),
              name: text,
              timeout: doc('How long the caller waits.', text),
              responseClasses: list(object({ condition: responses, isFailure: flag }, { required: ['condition'] })),
            },
            { required: ['condition', 'name'] },
          ),
        ),
      ),
    },
    { required: ['routes'] },
  ),
)

export const serviceProfile = (): KubeObject =>
  crd({
    group: 'linkerd.io',
    kind: 'ServiceProfile',
    plural: 'serviceprofiles',
    shortNames: ['sp'],
    storage: 'v1alpha2',
    versions: ['v1alpha1', 'v1alpha2'].map((name) => ({ name, spec })),
  })
