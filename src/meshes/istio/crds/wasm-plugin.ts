/** The CRD of WasmPlugin. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import { checked, choice, doc, int32, nullable, object, string, text } from './schema.ts'
import { extensionMatch, oneTarget, selector, targetRef, targetRefs, vmConfig } from './shared.ts'

export const wasmPlugin = (): KubeObject =>
  crd({
    group: 'extensions.istio.io',
    kind: 'WasmPlugin',
    plural: 'wasmplugins',
    shortNames: [],
    versions: ['v1alpha1'],
    storage: 'v1alpha1',
    describes: 'Adds a WebAssembly filter to proxies.',
    root: { required: ['spec'] },
    columns: [['Age', 'date', '.metadata.creationTimestamp', 'Time since creation.']],
    spec: checked(
      object(
        {
          failStrategy: choice('FAIL_CLOSE', 'FAIL_OPEN', 'FAIL_RELOAD'),
          imagePullPolicy: choice('UNSPECIFIED_POLICY', 'IfNotPresent', 'Always'),
          imagePullSecret: string({ maxLength: 253, minLength: 1 }),
          match: extensionMatch,
          phase: choice('UNSPECIFIED_PHASE', 'AUTHN', 'AUTHZ', 'STATS'),
          pluginConfig: object({}, { 'x-kubernetes-preserve-unknown-fields': true }),
          pluginName: string({ maxLength: 256, minLength: 1 }),
          priority: nullable(int32),
          selector: selector,
          sha256: string({ pattern: '(^$|^[a-f0-9]{64}$)' }),
          targetRef: targetRef,
          targetRefs: targetRefs,
          type: choice('UNSPECIFIED_PLUGIN_TYPE', 'HTTP', 'NETWORK'),
          url: doc(
            'Where the module is.',
            checked(string({ minLength: 1 }), [
              'url must have schema one of [http, https, file, oci]',
              'isURL(self) ? (url(self).getScheme() in ["", "http", "https", "oci", "file"]) : (isURL("http://" + self) &&\nurl("http://" + self).getScheme() in ["", "http", "https", "oci", "file"])',
            ]),
          ),
          verificationKey: text,
          vmConfig: vmConfig,
        },
        { required: ['url'] },
      ),
      oneTarget,
    ),
  })
