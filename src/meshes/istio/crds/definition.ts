/** A CustomResourceDefinition around a spec: what is the same for every kind of Istio. */
import type { KubeObject } from '../../../kube/api.ts'
import { choice, doc, instant, intOrText, list, object, type Schema, text } from './schema.ts'

/** Conditions as istiod writes them. Anything else is kept too. */
const status = doc(
  'What istiod reports about the object.',
  object(
    {
      conditions: list(
        object({
          lastProbeTime: instant,
          lastTransitionTime: instant,
          message: text,
          observedGeneration: intOrText,
          reason: text,
          status: text,
          type: text,
        }),
      ),
      observedGeneration: intOrText,
      validationMessages: list(
        object({
          documentationUrl: text,
          level: choice('UNKNOWN', 'ERROR', 'WARNING', 'INFO'),
          type: object({ code: text, name: text }),
        }),
      ),
    },
    { 'x-kubernetes-preserve-unknown-fields': true },
  ),
)

export interface Definition {
  group: string
  kind: string
  plural: string
  shortNames: string[]
  /** All with the same schema. */
  versions: string[]
  storage: string
  /** What `kubectl explain` says of the kind. */
  describes: string
  /** Name, type, JSON path and description. None: the API server shows the age. */
  columns: [name: string, type: string, jsonPath: string, description: string][]
  spec: Schema
  /** Keywords beside `properties`, such as `required`. */
  root?: Schema
}

export const crd = (about: Definition): KubeObject => {
  const { group, kind, plural, shortNames } = about
  const openAPIV3Schema = {
    description: about.describes,
    ...object({ spec: about.spec, status }),
    ...about.root,
  }
  const additionalPrinterColumns = about.columns.map(([name, type, jsonPath, description]) => ({
    name,
    type,
    jsonPath,
    description,
  }))
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      labels: { app: 'istio-pilot', chart: 'istio', heritage: 'Tiller', release: 'istio' },
      annotations: { 'helm.sh/resource-policy': 'keep' },
    },
    spec: {
      group,
      names: {
        categories: ['istio-io', group.replaceAll('.istio.io', '-istio-io')],
        kind,
        listKind: `${kind}List`,
        plural,
        ...(shortNames.length === 0 ? {} : { shortNames }),
        singular: kind.toLowerCase(),
      },
      scope: 'Namespaced',
      versions: about.versions.map((name) => ({
        name,
        served: true,
        storage: name === about.storage,
        subresources: { status: {} },
        ...(additionalPrinterColumns.length === 0 ? {} : { additionalPrinterColumns }),
        schema: { openAPIV3Schema },
      })),
    },
  }
}
