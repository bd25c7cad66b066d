/** The kubelet's refusals as the API server passes them on. */
import { StatusError } from '../../kube/errors.ts'

const refusal = (code: number, reason: string, message: string): StatusError =>
  new StatusError({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code })

export const badRequest = (message: string): StatusError => refusal(400, 'BadRequest', message)

export const podNotFound = (name: string): StatusError =>
  new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `pods "${name}" not found`,
    reason: 'NotFound',
    details: { name, kind: 'pods' },
    code: 404,
  })

export const internalError = (message: string): StatusError =>
  refusal(500, 'InternalError', `Internal error occurred: ${message}`)

/** The container runtime cannot start a command: containerd's and runc's words. */
export const cannotStart = (id: string, says: string): StatusError =>
  internalError(
    `error executing command in container: failed to exec in container: failed to start exec "${id}": OCI runtime exec failed: exec failed: unable to start container process: ${says}: unknown`,
  )
