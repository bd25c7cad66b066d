/** CertificateSigningRequests (kubernetes/kubernetes pkg/apis/certificates/validation/validation.go). */
import type { KubeObject } from '../../kube/api.ts'
import { parseRequest } from '../pki/requests.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { humanDuration } from './duration.ts'
import type { FieldError, Kind } from './kind.ts'
import type { Condition } from './types.ts'
import { duplicate, forbidden, invalid, required } from './validation/errors.ts'

/** Certificates that clients of the API server sign in with. */
export const clientSigner = 'kubernetes.io/kube-apiserver-client'

export interface SigningRequestObject extends KubeObject {
  spec?: {
    /** Base64 of a PEM block. */
    request?: string
    signerName?: string
    username?: string
    uid?: string
    groups?: string[]
    extra?: unknown
    expirationSeconds?: number
    usages?: string[]
  }
  status?: { conditions?: Condition[]; certificate?: string }
}

const condition = ({ status }: SigningRequestObject): string => {
  const has = (type: string) => status?.conditions?.some((one) => one.type === type)
  const says = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return [says, ...(has('Failed') ? ['Failed'] : []), ...(status?.certificate ? ['Issued'] : [])].join(',')
}

const specErrors = ({ spec }: SigningRequestObject): FieldError[] => {
  const errors: FieldError[] = []
  const { request = '', usages = [], signerName = '', expirationSeconds } = spec ?? {}
  const parsed = parseRequest(request)
  if ('problem' in parsed) errors.push(invalid('spec.request', request, parsed.problem))
  if (usages.length === 0) errors.push(required('spec.usages', 'usages are required'))
  usages.forEach((usage, index) => {
    if (usages.indexOf(usage) < index) errors.push(duplicate(`spec.usages[${index}]`, usage))
  })
  if (!signerName) errors.push(required('spec.signerName'))
  else if (signerName.split('/').length !== 2)
    errors.push(
      invalid(
        'spec.signerName',
        signerName,
        "must be a fully qualified domain and path of the form 'example.com/signer-name'",
      ),
    )
  else if (signerName === 'kubernetes.io/legacy-unknown')
    errors.push(invalid('spec.signerName', signerName, 'the legacy signerName is not allowed via this API version'))
  if (expirationSeconds !== undefined && expirationSeconds < 600)
    errors.push(
      invalid(
        'spec.expirationSeconds',
        expirationSeconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    )
  return errors
}

/** A decision is one, and final. */
const conditionErrors = ({ status }: SigningRequestObject, old: SigningRequestObject | undefined): FieldError[] => {
  const types = (of: SigningRequestObject['status']) => (of?.conditions ?? []).map(({ type }) => type)
  const now = types(status)
  const errors: FieldError[] = []
  if (now.includes('Approved') && now.includes('Denied'))
    errors.push(invalid('status.conditions', 'Denied', 'Approved and Denied conditions are mutually exclusive'))
  for (const type of ['Approved', 'Denied', 'Failed'])
    if (types(old?.status).includes(type) && !now.includes(type))
      errors.push(forbidden('status.conditions', `updates may not remove a condition of type "${type}"`))
  return errors
}

export const certificateSigningRequestKind: Kind = {
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  resource: 'certificatesigningrequests',
  singular: 'certificatesigningrequest',
  shortNames: ['csr'],
  namespaced: false,
  goType: 'certificates/v1.CertificateSigningRequest',
  status: true,
  nameFormat: 'path',
  setDefaults: (object) => {
    object.status ??= {}
  },
  subresources: [{ name: 'approval', kind: 'CertificateSigningRequest', verbs: ['get', 'patch', 'update'] }],
  validate: (object, old) => [
    ...specErrors(object as SigningRequestObject),
    ...conditionErrors(object as SigningRequestObject, old as SigningRequestObject | undefined),
  ],
  columns: [
    nameColumn,
    ageColumn,
    text<SigningRequestObject>('SignerName', ({ spec }) => spec?.signerName ?? '<none>'),
    text<SigningRequestObject>('Requestor', ({ spec }) => spec?.username ?? ''),
    text<SigningRequestObject>('RequestedDuration', ({ spec }) =>
      spec?.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
    ),
    text('Condition', condition),
  ],
  selectableFields: { 'spec.signerName': (object) => (object as SigningRequestObject).spec?.signerName ?? '' },
}
