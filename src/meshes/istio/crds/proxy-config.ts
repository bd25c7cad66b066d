/** The CRD of ProxyConfig. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { integer, map, nullable, object, string, text } from './schema.ts'
import { selector } from './shared.ts'

export const proxyConfig = (): KubeObject =>
  crd({
    group: 'networking.istio.io',
    kind: 'ProxyConfig',
    plural: 'proxyconfigs',
    shortNames: [],
    versions: ['v1beta1'],
    storage: 'v1beta1',
    describes: 'Settings of the proxies themselves, used when they start.',
    columns: [],
    spec: object({
      concurrency: nullable(integer({ format: 'int32', minimum: 0 })),
      environmentVariables: map(string({ maxLength: 2048 })),
      image: object({ imageType: text }),
      selector: selector,
    }),
  })
