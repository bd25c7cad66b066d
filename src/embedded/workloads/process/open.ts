/** Files under the names that a process gives them: from its own folder, and its streams as Linux names them. */
import { absolute } from './files.ts'
import { type Process, readAll } from './process.ts'

const streams: Readonly<Record<string, 'in' | 'out' | 'err'>> = {
  '/dev/stdin': 'in',
  '/dev/stdout': 'out',
  '/dev/stderr': 'err',
  '/dev/fd/0': 'in',
  '/dev/fd/1': 'out',
  '/dev/fd/2': 'err',
  '/proc/self/fd/0': 'in',
  '/proc/self/fd/1': 'out',
  '/proc/self/fd/2': 'err',
}

/** Undefined when there is no such file. */
export const readFile = async (process: Process, name: string): Promise<Uint8Array | undefined> => {
  const path = absolute(process.cwd, name)
  if (path === '/dev/null') return new Uint8Array()
  return streams[path] === 'in' ? readAll(process.stdin) : process.container.files.read(path)
}

/** False when the folder does not exist or takes no writes. */
export const writeFile = async (process: Process, name: string, content: Uint8Array): Promise<boolean> => {
  const path = absolute(process.cwd, name)
  const stream = streams[path]
  if (stream !== 'out' && stream !== 'err') return process.container.files.write(path, content)
  process[stream](content)
  return true
}
