/** Bodies as a client sends them, and how they are refused. */
import { decodeBody, type FieldValidation } from '../../../../src/embedded/apiserver/decode/decode.ts'
import type { Json } from '../../../../src/kube/api.ts'
import { StatusError } from '../../../../src/kube/errors.ts'

export const kinds = {
  ConfigMap: { group: '', version: 'v1', kind: 'ConfigMap' },
  Secret: { group: '', version: 'v1', kind: 'Secret' },
  Deployment: { group: 'apps', version: 'v1', kind: 'Deployment' },
  Pod: { group: '', version: 'v1', kind: 'Pod' },
  Service: { group: '', version: 'v1', kind: 'Service' },
  CustomResourceDefinition: { group: 'apiextensions.k8s.io', version: 'v1', kind: 'CustomResourceDefinition' },
}
export type Name = keyof typeof kinds

export const decode = (kind: Name, body: string | Json, fieldValidation?: FieldValidation, contentType?: string) =>
  decodeBody({
    bytes: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
    expected: kinds[kind],
    fieldValidation,
    contentType,
  })

export const refusal = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof StatusError)) throw new Error(`not refused: ${error}`)
  return { code: error.code, message: error.message }
}

export const deployment = (spec: Json) => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' }, spec })
export const container = (fields: Json) => deployment({ template: { spec: { containers: [fields] } } })
export const unrecognized =
  "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse error: "
export const asDeployment = 'Deployment in version "v1" cannot be handled as a Deployment: '
