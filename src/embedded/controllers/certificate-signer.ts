/**
 * Signs approved CertificateSigningRequests for `kubernetes.io/kube-apiserver-client`. Follows kubernetes/kubernetes
 * pkg/controller/certificates/signer/signer.go. Not modelled: the kubelet's signers (nodes are simulated inside the
 * process), so that their requests stay without a certificate; and the cleaner that deletes old requests.
 */
import { type Clock, timestamp } from '../clock.ts'
import { clientSigner, type SigningRequestObject } from '../kinds/certificates.ts'
import type { Authority } from '../pki/certificates.ts'
import { parseRequest } from '../pki/requests.ts'
import type { Registry } from '../registry.ts'

const requests = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests' }
const year = 365 * 24 * 3600
const allowedUsages = new Set(['client auth', 'digital signature', 'key encipherment'])

export interface SignerParts {
  registry: Registry
  clock: Clock
  authority: Authority
}

/** @returns the function that stops it */
export const startCertificateSigner = ({ registry, clock, authority }: SignerParts): (() => void) => {
  const sign = (request: SigningRequestObject): void => {
    const { spec, status, metadata } = request
    const has = (type: string) => status?.conditions?.some((condition) => condition.type === type)
    if (spec?.signerName !== clientSigner || !has('Approved') || has('Denied') || has('Failed') || status?.certificate)
      return
    const parsed = parseRequest(spec.request ?? '')
    if ('problem' in parsed) return
    const usages = spec.usages ?? []
    const isFit = usages.includes('client auth') && usages.every((usage) => allowedUsages.has(usage))
    const write = (change: (status: NonNullable<SigningRequestObject['status']>) => void) =>
      registry.mutate(
        requests,
        metadata.name,
        undefined,
        (draft) => {
          const object = draft as SigningRequestObject
          object.status ??= {}
          change(object.status)
        },
        { fieldManager: 'kube-controller-manager', subresource: 'status' },
      )
    if (!isFit) {
      const now = timestamp(clock)
      const failed = {
        type: 'Failed',
        status: 'True',
        reason: 'SignerValidationFailure',
        message: 'usages did not match',
        lastUpdateTime: now,
        lastTransitionTime: now,
      }
      write((draft) => {
        draft.conditions = [...(draft.conditions ?? []), failed]
      })
      return
    }
    const seconds = spec.expirationSeconds ?? year
    const { subject, publicKey } = parsed
    const certificate = authority.signClient({ subject, publicKey, now: clock.now(), seconds })
    write((draft) => {
      draft.certificate = Buffer.from(certificate).toString('base64')
    })
  }
  return registry.watch(requests, ({ type, object }) => {
    if (type === 'ADDED' || type === 'MODIFIED') sign(object as SigningRequestObject)
  })
}
