import type { Status } from './api.ts'

/** The API server refused: carries the `Status` it answered with, so that its own words can be shown. */
export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly status: Status
  constructor(status: Status) {
    super(status.message ?? status.reason ?? 'the server answered without a message')
    this.status = status
  }
  get code(): number {
    return this.status.code ?? 500
  }
  get reason(): string {
    return this.status.reason ?? ''
  }
}

/** No answer at all: wrong address, refused connection, TLS failure. The message ends with what to do. */
export class ClusterUnreachable extends Error {
  override readonly name = 'ClusterUnreachable'
}

export const isNotFound = (error: unknown): boolean => error instanceof StatusError && error.code === 404
export const isConflict = (error: unknown): boolean =>
  error instanceof StatusError && error.code === 409 && error.reason === 'Conflict'
