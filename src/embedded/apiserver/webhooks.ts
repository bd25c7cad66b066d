/**
 * The mesh's webhooks, as admission plugins: injection when a pod is created, validation of the mesh's own kinds. A change by
 * the injector runs the built-in plugins once more, as the real server does, so that the sidecar gets its token mount too.
 */

import type { Json, KubeObject } from '../../kube/api.ts'
import type { Namespace, Pod, Service } from '../../kube/kinds.ts'
import type { AdmissionAnswer, Mesh } from '../../meshes/mesh.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { regexProblem } from '../crds/regex.ts'
import type { Kind } from '../kinds/kind.ts'
import { podKind } from '../kinds/pod.ts'
import { serviceKind } from '../kinds/service.ts'
import type { Registry } from '../registry.ts'
import { decodeValue } from './decode/decode.ts'
import { GoDecodeError } from './decode/leaves.ts'
import { failure, internal } from './errors.ts'

const namespaces = { group: '', resource: 'namespaces' }
const injectors = { group: 'admissionregistration.k8s.io', resource: 'mutatingwebhookconfigurations' }

/** The built-in plugins with the mesh's behind them. */
export function meshAdmission(mesh: Mesh, registry: Registry, builtin: readonly AdmissionPlugin[]): AdmissionPlugin[] {
  const inject = (request: AdmissionRequest): void => {
    const { operation, group, resource, subresource, object, namespace } = request
    if (operation !== 'CREATE' || group !== '' || subresource || !object) return
    if (resource !== 'pods' && (resource !== 'services' || !mesh.annotate)) return
    const home = registry.get(namespaces, namespace ?? '') as Namespace | undefined
    if (!home) return
    const injected =
      resource === 'pods'
        ? mesh.inject(object as Pod, home, registry.list(injectors))
        : mesh.annotate?.(object as Service, home)
    if (!injected || injected === object) return
    replaceContent(object, decoded(injected, resource === 'pods' ? podKind : serviceKind))
    for (const plugin of builtin) plugin.mutate?.(request)
  }
  const validate = (request: AdmissionRequest): void => {
    const { operation, object, oldObject, subresource } = request
    if (subresource || operation === 'DELETE' || !object) return
    const answer = mesh.validate({ operation, object, regexProblem, ...(oldObject ? { oldObject } : {}) })
    for (const warning of answer.warnings ?? []) request.warn(warning)
    if (!answer.allowed) throw denied(mesh, answer)
  }
  return [...builtin, { name: `${mesh.name} webhooks`, mutate: inject, validate }]
}

function denied(mesh: Mesh, { message, code = 400, reason = '' }: Extract<AdmissionAnswer, { allowed: false }>) {
  const prefix = `admission webhook "${mesh.validator}" denied the request: `
  return failure(code, reason, message.startsWith('admission webhook ') ? message : `${prefix}${message}`)
}

/** Read as from the wire: a zero that decoding leaves out of a later update would be a change of the pod. */
function decoded(injected: Pod | Service, kind: Kind): KubeObject {
  try {
    return decodeValue(injected as unknown as Json, kind).object
  } catch (error) {
    throw error instanceof GoDecodeError ? internal(error.message) : error
  }
}

/** The request's object stays the same object: later plugins hold it. */
function replaceContent(target: KubeObject, source: KubeObject): void {
  for (const key of Object.keys(target)) delete target[key]
  Object.assign(target, source)
}
