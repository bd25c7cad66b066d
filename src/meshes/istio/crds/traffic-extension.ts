/** The CRD of TrafficExtension. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { atMostOne, checked, choice, int32, nullable, object, string, text } from './schema.ts'
import { extensionMatch, selector, targetRefs, vmConfig } from './shared.ts'

export const trafficExtension = (): KubeObject =>
  crd({
    group: 'extensions.istio.io',
    kind: 'TrafficExtension',
    plural: 'trafficextensions',
    shortNames: [],
    versions: ['v1alpha1'],
    storage: 'v1alpha1',
    describes: 'Adds a WebAssembly or Lua filter to proxies.',
    root: { required: ['spec'] },
    columns: [['Age', 'date', '.metadata.creationTimestamp', 'Time since creation.']],
    spec: checked(
      atMostOne(
        object({
          lua: object({ inlineCode: string({ maxLength: 65536, minLength: 1 }) }, { required: ['inlineCode'] }),
          match: extensionMatch,
          phase: choice('UNSPECIFIED', 'AUTHN', 'AUTHZ', 'STATS'),
          priority: nullable(int32),
          selector: selector,
          targetRefs: targetRefs,
          wasm: object(
            {
              failStrategy: choice('FAIL_CLOSE', 'FAIL_OPEN', 'FAIL_RELOAD'),
              imagePullPolicy: choice('UNSPECIFIED_POLICY', 'IfNotPresent', 'Always'),
              imagePullSecret: string({ maxLength: 253, minLength: 1 }),
              pluginConfig: object({}, { 'x-kubernetes-preserve-unknown-fields': true }),
              pluginName: string({ maxLength: 256, minLength: 1 }),
              sha256: string({ pattern: '(^$|^[a-f0-9]{64}$)' }),
              type: choice('UNSPECIFIED_PLUGIN_TYPE', 'HTTP', 'NETWORK'),
              url: checked(string({ minLength: 1 }), [
                'url must have schema one of [http, https, file, oci]',
                'isURL(self) ? (url(self).getScheme() in ["", "http", "https", "file", "oci"]) : (isURL("http://" + self) &&\nurl("http://" + self).getScheme() in ["", "http", "https", "file", "oci"])',
              ]),
              verificationKey: text,
              vmConfig: vmConfig,
            },
            { required: ['url'] },
          ),
        }),
        ['wasm', 'lua'],
      ),
      [
        'only one of targetRefs or selector can be set',
        '(has(self.selector) ? 1 : 0) + (has(self.targetRefs) ? 1 : 0) <= 1',
      ],
      ['exactly one of wasm or lua must be set', 'has(self.wasm) != has(self.lua)'],
    ),
  })
