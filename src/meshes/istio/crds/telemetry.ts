/** The CRD of Telemetry. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import {
  atMostOne,
  checked,
  choice,
  doc,
  duration,
  flag,
  list,
  map,
  nullable,
  number,
  object,
  string,
  text,
} from './schema.ts'
import { oneTarget, selector, targetRef, targetRefs } from './shared.ts'

const tracedSide = object({ mode: choice('CLIENT_AND_SERVER', 'CLIENT', 'SERVER') })

const providers = list(object({ name: string({ minLength: 1 }) }, { required: ['name'] }))

const environment = object({ defaultValue: text, name: string({ minLength: 1 }) }, { required: ['name'] })

const formatter = object({ value: string({ minLength: 1 }) }, { required: ['value'] })

export const telemetry = (): KubeObject =>
  crd({
    group: 'telemetry.istio.io',
    kind: 'Telemetry',
    plural: 'telemetries',
    shortNames: ['telemetry'],
    versions: ['v1', 'v1alpha1'],
    storage: 'v1alpha1',
    describes: 'Says which metrics, access logs and traces proxies produce.',
    columns: [['Age', 'date', '.metadata.creationTimestamp', 'Time since creation.']],
    spec: checked(
      object({
        accessLogging: doc(
          'Access logs.',
          list(
            object({
              disabled: nullable(flag),
              filter: object({ expression: text }),
              match: tracedSide,
              providers: providers,
            }),
          ),
        ),
        metrics: doc(
          'Metrics.',
          list(
            object({
              overrides: list(
                object({
                  disabled: nullable(flag),
                  match: atMostOne(
                    object({
                      customMetric: string({ minLength: 1 }),
                      metric: choice(
                        'ALL_METRICS',
                        'REQUEST_COUNT',
                        'REQUEST_DURATION',
                        'REQUEST_SIZE',
                        'RESPONSE_SIZE',
                        'TCP_OPENED_CONNECTIONS',
                        'TCP_CLOSED_CONNECTIONS',
                        'TCP_SENT_BYTES',
                        'TCP_RECEIVED_BYTES',
                        'GRPC_REQUEST_MESSAGES',
                        'GRPC_RESPONSE_MESSAGES',
                      ),
                      mode: choice('CLIENT_AND_SERVER', 'CLIENT', 'SERVER'),
                    }),
                    ['metric', 'customMetric'],
                  ),
                  tagOverrides: map(
                    checked(
                      object({ operation: choice('UPSERT', 'REMOVE'), value: text }),
                      [
                        'value must be set when operation is UPSERT',
                        '((has(self.operation) ? self.operation : "") == "UPSERT") ? (self.value != "") : true',
                      ],
                      [
                        'value must not be set when operation is REMOVE',
                        '((has(self.operation) ? self.operation : "") == "REMOVE") ? !has(self.value) : true',
                      ],
                    ),
                  ),
                }),
              ),
              providers: providers,
              reportingInterval: duration,
            }),
          ),
        ),
        selector: selector,
        targetRef: targetRef,
        targetRefs: targetRefs,
        tracing: doc(
          'Traces.',
          list(
            object({
              customTags: map(
                atMostOne(
                  object({ environment: environment, formatter: formatter, header: environment, literal: formatter }),
                  ['literal', 'environment', 'header', 'formatter'],
                ),
              ),
              disableContextPropagation: nullable(flag),
              disableSpanReporting: nullable(flag),
              enableIstioTags: nullable(flag),
              match: tracedSide,
              providers: providers,
              randomSamplingPercentage: nullable(number({ format: 'double', maximum: 100, minimum: 0 })),
              useRequestIdForTraceSampling: nullable(flag),
            }),
          ),
        ),
      }),
      oneTarget,
    ),
  })
