/** Which programs there are on this machine, without starting any. */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'

type Environment = Record<string, string | undefined>

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** The path that a program's name stands for, as a shell would find it; undefined when there is none. */
export const findProgram = (name: string, env: Environment = process.env): string | undefined => {
  if (isAbsolute(name) || name.includes('/')) return isExecutable(name) ? name : undefined
  const endings = process.platform === 'win32' ? (env.PATHEXT ?? '.EXE;.CMD;.BAT').split(';') : ['']
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    if (!folder) continue
    for (const ending of endings) {
      const path = join(folder, name + ending)
      if (isExecutable(path)) return path
    }
  }
  return undefined
}
