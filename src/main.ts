/** argv in, exit code out: the only process.exit, the only top-level catch. */
import { main } from './cli/main.ts'

const { stdin, stdout, stderr, env } = process

/** What is still on its way to a pipe gets there first. */
const end = (code: number): void => {
  stdout.write('', () => stderr.write('', () => process.exit(code)))
}

// `meshdojo list | head -1`: nobody reads on, so there is nothing more to say.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
stderr.on('error', () => {})

const handlers: ((signal: 'SIGINT' | 'SIGTERM') => void)[] = []
const onSignal = (code: number) => (signal: 'SIGINT' | 'SIGTERM') => {
  const handler = handlers.at(-1)
  if (handler) handler(signal)
  else process.exit(code)
}
process.on('SIGINT', onSignal(130))
process.on('SIGTERM', onSignal(143))

try {
  const code = await main(process.argv.slice(2), {
    stdin,
    stdout,
    stderr,
    env,
    cwd: process.cwd(),
    onInterrupt: (handler) => {
      handlers.push(handler)
      return () => {
        const index = handlers.indexOf(handler)
        if (index >= 0) handlers.splice(index, 1)
      }
    },
  })
  end(code)
} catch (error) {
  stderr.write(
    `meshdojo met something that it did not expect; please report it:\n${(error as Error)?.stack ?? error}\n`,
  )
  end(1)
}
