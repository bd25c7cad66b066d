/** The variable `request` of admission expressions: k8s.io/apiserver pkg/admission/plugin/cel/condition.go. */
import type { AdmissionRequest } from '../../admission.ts'
import type { User } from '../../apiserver/auth.ts'
import { splitApiVersion } from '../../apiserver/kind-table.ts'
import { userInfo } from '../../apiserver/reviews.ts'
import { toCel } from '../../crds/cel/values.ts'

const controlPlane: User = { username: 'system:kube-controller-manager', groups: ['system:authenticated'] }

export const requestOf = (request: AdmissionRequest): unknown => {
  const { apiVersion, kind } = (request.object ?? request.oldObject)!
  const { group: kindGroup, version } = splitApiVersion(apiVersion)
  const resource = { group: request.group, version, resource: request.resource }
  const shown = {
    kind: { group: kindGroup, version, kind },
    resource,
    requestKind: { group: kindGroup, version, kind },
    requestResource: resource,
    subResource: request.subresource ?? '',
    requestSubResource: request.subresource ?? '',
    name: request.name ?? '',
    namespace: request.namespace ?? '',
    operation: request.operation,
    userInfo: userInfo(request.user ?? controlPlane),
    dryRun: request.dryRun,
  }
  return toCel(undefined, shown)
}
