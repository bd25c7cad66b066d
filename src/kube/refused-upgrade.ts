/** A WebSocket that the API server refuses to open: an ordinary HTTP answer with a Status. */
import type { WebSocket } from 'ws'
import { StatusError } from './errors.ts'
import { statusOf } from './responses.ts'

/** Hands on what was answered instead of the upgrade. */
export const onRefusedUpgrade = (socket: WebSocket, refused: (error: StatusError) => void): void => {
  socket.on('unexpected-response', (_, response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      text += chunk
    })
    response.on('end', () => refused(new StatusError(statusOf(response.statusCode ?? 500, text))))
  })
}
