/** Starting one container: its image is looked up, its program begins, and its record says what became of it. */
import { timestamp } from '../clock.ts'
import type { Image } from '../workloads/workload.ts'
import { type Run, type RunParts, StartError, startRun } from './container.ts'
import type { Entry } from './entries.ts'
import { ConfigError } from './environment.ts'
import { pullImage } from './images.ts'
import type { ContainerRecord } from './status.ts'

export interface StartParts extends Omit<RunParts, 'onExit'> {
  say: (type: 'Normal' | 'Warning', reason: string, message: string, record: ContainerRecord) => void
  /** Writes the pod's status as it is now. */
  publish: () => void
  exited: (item: Entry, run: Run, exitCode: number) => void
}

/** Looks the image up; undefined when the container has to wait for a better one. */
const pull = ({ record }: Entry, { say, publish }: StartParts): Image | undefined => {
  const pulled = pullImage(record.spec.image)
  record.image = pulled.shown
  for (const event of pulled.events) say(event.type, event.reason, event.message, record)
  if ('image' in pulled) {
    record.imageID = pulled.id
    return pulled.image
  }
  // Both states are written: whoever watches sees the failure and then the back-off, as in real life.
  for (const [at, state] of pulled.waits.entries()) {
    if (at > 0) publish()
    record.state = { waiting: state }
  }
  return undefined
}

/**
 * `waits`: until its image is another one. `misconfigured`: something that its environment names is missing, and may
 * come. `failed`: it has ended before it began.
 */
export const startContainer = (item: Entry, parts: StartParts): Run | 'waits' | 'misconfigured' | 'failed' => {
  const { record } = item
  const { clock, say } = parts
  const image = pull(item, parts)
  if (!image) return 'waits'
  const now = timestamp(clock)
  item.startedAt = clock.now()
  try {
    const onExit = (code: number): void => parts.exited(item, run, code)
    const run = startRun({ ...parts, onExit }, record.spec, image, record.restarts)
    item.run = run
    record.containerID = run.id
    record.state = { running: { startedAt: now } }
    say('Normal', 'Created', `Created container: ${record.spec.name}`, record)
    say('Normal', 'Started', `Started container ${record.spec.name}`, record)
    return run
  } catch (error) {
    if (error instanceof ConfigError) {
      record.state = { waiting: { reason: 'CreateContainerConfigError', message: error.message } }
      say('Warning', 'Failed', `Error: ${error.message}`, record)
      return 'misconfigured'
    }
    if (!(error instanceof StartError)) throw error
    say('Normal', 'Created', `Created container: ${record.spec.name}`, record)
    say('Warning', 'Failed', `Error: ${error.message}`, record)
    record.state = {
      terminated: {
        exitCode: 128,
        reason: 'StartError',
        message: error.message,
        startedAt: '1970-01-01T00:00:00Z',
        finishedAt: now,
      },
    }
    return 'failed'
  }
}
