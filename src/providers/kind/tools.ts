/** Which programs there are for making a cluster, asked before the wait and not after. */
import type { Runner } from '../../shell/run.ts'
import { CommandFailed } from '../../shell/run.ts'
import { type Found, findVersion } from '../../shell/versions.ts'
import { adviceFor } from './advice.ts'
import {
  helm,
  isGoodEnough,
  kind,
  kubectl,
  type MeshName,
  meshTool,
  meshVersions,
  type Tool,
  wanted,
} from './install/tools.ts'
import { type Runtime, runtimes } from './plan.ts'

/** A program is missing, too old, or does not answer. The message says which, what is needed, and what to do. */
export class ToolMissing extends Error {
  override readonly name = 'ToolMissing'
}

export type Look = (tool: Tool) => Promise<Found | undefined>

export const lookIn =
  (env: NodeJS.ProcessEnv): Look =>
  ({ name, ask }) =>
    findVersion(name, ask, env)

/** What is wrong with a tool; undefined when nothing is. A version that it would not say is taken on trust. */
export const complaint = (tool: Tool, found: Found | undefined): string | undefined => {
  const next = `install ${wanted(tool)} (${tool.get})`
  if (found === undefined) return `${tool.name} is not installed, or not on the PATH: it ${tool.what}; ${next}`
  if (found.version === undefined || isGoodEnough(tool, found.version)) return undefined
  return `${tool.name} is ${found.version} (${found.path}), and ${wanted(tool)} is needed: ${next}`
}

/** The container runtime that kind is to use: the one asked for, else the first that is there. */
export const chooseRuntime = async (env: NodeJS.ProcessEnv, exists: (program: string) => boolean): Promise<Runtime> => {
  const asked = env.KIND_EXPERIMENTAL_PROVIDER
  if (asked) {
    const known = runtimes.find((each) => each === asked)
    if (!known) throw new ToolMissing(`KIND_EXPERIMENTAL_PROVIDER is "${asked}": kind knows ${runtimes.join(', ')}`)
    if (!exists(known))
      throw new ToolMissing(
        `${known} is not installed, or not on the PATH: KIND_EXPERIMENTAL_PROVIDER asks for it; install it, or unset that variable`,
      )
    return known
  }
  const found = runtimes.find(exists)
  if (!found)
    throw new ToolMissing(
      'no container runtime is there: install docker (docs.docker.com/engine/install), podman or nerdctl; the embedded cluster (the default) needs none',
    )
  return found
}

/** Makes sure that the runtime's daemon answers. */
export const requireRunning = async (runtime: Runtime, run: Runner, env: NodeJS.ProcessEnv): Promise<void> => {
  try {
    await run({ run: [runtime, 'info'], says: `Ask ${runtime} whether it runs` }, { env, timeout: 20_000 })
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    const next = adviceFor(error.lastLines) ?? `see what "${runtime} info" says`
    throw new ToolMissing(`${error.message}\nto do: ${next}; the same command goes on`, { cause: error })
  }
}

/** The mesh's own tool if it will do, else Helm. Throws `ToolMissing` when neither is there. */
export const chooseInstaller = async (mesh: MeshName, version: string, look: Look): Promise<'tool' | 'helm'> => {
  const tool = meshTool(mesh, version)
  const problem = complaint(tool, await look(tool))
  if (problem === undefined) return 'tool'
  const instead = complaint(helm, await look(helm))
  if (instead === undefined) return 'helm'
  throw new ToolMissing(`${problem}\nHelm would do instead: ${instead}`)
}

/** A bundle is installed by Helm, from its charts. Throws `ToolMissing`. */
export const requireHelm = async (look: Look): Promise<'helm'> => {
  const problem = complaint(helm, await look(helm))
  if (problem === undefined) return 'helm'
  throw new ToolMissing(`${problem}\na bundle is installed by Helm, from the charts in it`)
}

/** kind and kubectl. Throws `ToolMissing`. */
export const requireBasics = async (look: Look): Promise<void> => {
  const problems = await Promise.all([kind, kubectl].map(async (tool) => complaint(tool, await look(tool))))
  const said = problems.filter((each) => each !== undefined)
  if (said.length) throw new ToolMissing(said.join('\n'))
}

export const versionOf = (mesh: MeshName, asked: string | undefined): string => asked ?? meshVersions[mesh]
