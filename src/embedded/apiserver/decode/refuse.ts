/** Refusals that decoding and negotiation throw, as the API server words them. */
import type { Status } from '../../../kube/api.ts'
import { StatusError } from '../../../kube/errors.ts'

export const refusal = (code: number, reason: string, message: string, details?: Status['details']): StatusError =>
  new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(details ? { details } : {}),
    code,
  })

export const badRequest = (message: string): StatusError => refusal(400, 'BadRequest', message)
