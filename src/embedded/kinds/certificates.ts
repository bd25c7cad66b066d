/** CertificateSigningRequests: stored and shown. Not modelled: nobody signs them. */
import type { KubeObject } from '../../kube/api.ts'
import { ageColumn, nameColumn, text } from './columns.ts'
import { humanDuration } from './duration.ts'
import type { Kind } from './kind.ts'
import type { Condition } from './types.ts'
import { required } from './validation/errors.ts'

interface Request extends KubeObject {
  spec?: { request?: string; signerName?: string; username?: string; expirationSeconds?: number; usages?: string[] }
  status?: { conditions?: Condition[]; certificate?: string }
}

const condition = ({ status }: Request): string => {
  const has = (type: string) => status?.conditions?.some((one) => one.type === type)
  const says = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending'
  return [says, ...(has('Failed') ? ['Failed'] : []), ...(status?.certificate ? ['Issued'] : [])].join(',')
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
  validate: (object) => {
    const { spec } = object as Request
    return [
      ...(spec?.request ? [] : [required('spec.request')]),
      ...(spec?.usages?.length ? [] : [required('spec.usages', 'usages are required')]),
      ...(spec?.signerName ? [] : [required('spec.signerName')]),
    ]
  },
  columns: [
    nameColumn,
    ageColumn,
    text<Request>('SignerName', ({ spec }) => spec?.signerName ?? '<none>'),
    text<Request>('Requestor', ({ spec }) => spec?.username ?? ''),
    text<Request>('RequestedDuration', ({ spec }) =>
      spec?.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
    ),
    text('Condition', condition),
  ],
  selectableFields: { 'spec.signerName': (object) => (object as Request).spec?.signerName ?? '' },
}
