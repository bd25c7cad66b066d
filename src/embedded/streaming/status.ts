/** How a command ended, as the error channel says it. Upstream: apimachinery/pkg/util/remotecommand, v4 of the protocol. */
import { StatusError } from '../../kube/errors.ts'

export const success = (): string => JSON.stringify({ metadata: {}, status: 'Success' })

export const exitStatus = (exitCode: number): string =>
  exitCode === 0
    ? success()
    : JSON.stringify({
        metadata: {},
        status: 'Failure',
        message: `command terminated with non-zero exit code: exit status ${exitCode}`,
        reason: 'NonZeroExitCode',
        details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
      })

/** A command that could not start, or broke. */
export const failureStatus = (error: unknown): string => {
  const { message, reason, code } =
    error instanceof StatusError
      ? { message: error.message, reason: error.reason, code: error.code }
      : {
          message: `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`,
          reason: 'InternalError',
          code: 500,
        }
  return JSON.stringify({ metadata: {}, status: 'Failure', message, reason, code })
}
