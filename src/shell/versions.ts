/** What a program says about its version, asked for without ever waiting long. */
import { findProgram } from './find.ts'
import { run } from './run.ts'

export interface Found {
  path: string
  /** `1.32.2`; undefined when it would not say. */
  version?: string
}

/** Looks for a program and asks it; undefined when it is not there. */
export const findVersion = async (
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<Found | undefined> => {
  const path = findProgram(program, env)
  if (!path) return undefined
  try {
    const { stdout, stderr } = await run(
      { run: [path, ...args], says: `Ask ${program} for its version` },
      { env, timeout: 5_000 },
    )
    const version = /v?(\d+\.\d+(\.\d+)?)/.exec(stdout || stderr)?.[1]
    return { path, version }
  } catch {
    return { path }
  }
}
