/**
 * CertificateSigningRequests in admission: who asked is written down, approving a signer's requests is a right of its own,
 * and nobody asks for `system:masters`. Follows kubernetes/kubernetes pkg/registry/certificates/certificates/strategy.go
 * and plugin/pkg/admission/certificates/{approval,subjectrestriction}/admission.go.
 */
import type { AdmissionPlugin, AdmissionRequest } from '../admission.ts'
import { adminUser } from '../apiserver/auth.ts'
import { forbidden } from '../apiserver/errors.ts'
import type { Authorizer } from '../apiserver/rbac/authorizer.ts'
import { clientSigner, type SigningRequestObject } from '../kinds/certificates.ts'
import { parseRequest } from '../pki/requests.ts'

const group = 'certificates.k8s.io'
const requests = { group, resource: 'certificatesigningrequests' }

const refuse = (request: AdmissionRequest, says: string) => forbidden(requests, request.name ?? '', says)

const writeAuthor = ({ object, user = adminUser }: AdmissionRequest): void => {
  const { spec } = object as SigningRequestObject
  if (!spec) return
  spec.username = user.username
  spec.groups = [...user.groups]
  if (user.uid) spec.uid = user.uid
  else delete spec.uid
  if (user.extra) spec.extra = structuredClone(user.extra)
  else delete spec.extra
}

export const certificatesPlugin = (authorizer: Authorizer): AdmissionPlugin => ({
  name: 'Certificates',
  mutate: (request) => {
    const { operation, resource, subresource, object, oldObject } = request
    if (request.group !== group || resource !== requests.resource || !object) return
    if (operation === 'CREATE') writeAuthor(request)
    else if (!subresource) object.spec = structuredClone(oldObject?.spec)
  },
  validate: (request) => {
    const { operation, resource, subresource, object, user } = request
    if (request.group !== group || resource !== requests.resource || !object) return
    const { spec } = object as SigningRequestObject
    const signerName = spec?.signerName ?? ''
    if (operation === 'CREATE' && signerName === clientSigner) {
      const parsed = parseRequest(spec?.request ?? '')
      if ('organizations' in parsed && parsed.organizations.includes('system:masters'))
        throw refuse(request, `use of ${clientSigner} signer with system:masters group is not allowed`)
    }
    if (operation === 'UPDATE' && subresource === 'approval' && user) {
      const names = [signerName, `${signerName.split('/')[0]}/*`]
      const may = (name: string) =>
        authorizer.authorize(user, { verb: 'approve', group, resource: 'signers', name }).allowed
      if (!names.some(may))
        throw refuse(request, `user not permitted to approve requests with signerName "${signerName}"`)
    }
  },
})
