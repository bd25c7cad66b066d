/** What making a real cluster needs of a machine, looked at before the wait and not after. Changes nothing. */
import { existsSync, readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { findProgram } from '../../shell/find.ts'
import { CommandFailed, type Runner } from '../../shell/run.ts'
import { adviceFor } from './advice.ts'
import { helm, kind, kubectl, type MeshName, meshTool, meshVersions, type Tool } from './install/tools.ts'
import type { Runtime } from './plan.ts'
import { chooseRuntime, complaint, lookIn, ToolMissing } from './tools.ts'

export interface Need {
  name: string
  /** `missing`: something else does as well, or only some labs want it. */
  state: 'ok' | 'missing' | 'problem'
  says: string
  next?: string
}

export interface Machine {
  env: NodeJS.ProcessEnv
  run: Runner
  arch: string
  /** Text of a file below /proc; undefined where there is none. */
  proc: (path: string) => string | undefined
  /** Free bytes where that path is; undefined when it cannot be told. */
  free: (path: string) => Promise<number | undefined>
}

/** The machine that this runs on. */
export const thisMachine = (env: NodeJS.ProcessEnv, run: Runner): Machine => ({
  env,
  run,
  arch: process.arch,
  proc: (path) => {
    try {
      return readFileSync(path, 'utf8').trim()
    } catch {
      return undefined
    }
  },
  free: async (path) => {
    let nearest = path
    while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest)
    const { bavail, bsize } = await statfs(nearest).catch(() => ({ bavail: Number.NaN, bsize: 1 }))
    return Number.isNaN(bavail) ? undefined : bavail * bsize
  },
})

const gigabyte = 1e9
/** Three nodes, a mesh and a lab's dozen pods. For less kind itself says that it may fail. */
const wants = { cpus: 2, memory: 6 * gigabyte, disk: 10 * gigabyte }
/** kind's known issues, "Pod errors due to too many open files". */
const inotify = { max_user_instances: 512, max_user_watches: 524_288 }

/** CPUs, bytes of memory, and where images lie, as each runtime's `info` prints them. */
const formats: Record<Runtime, string> = {
  docker: '{{.NCPU}} {{.MemTotal}} {{.DockerRootDir}}',
  podman: '{{.Host.CPUs}} {{.Host.MemTotal}} {{.Store.GraphRoot}}',
  nerdctl: '{{.NCPU}} {{.MemTotal}} {{.DockerRootDir}}',
}

const round = (bytes: number): string => `${(bytes / gigabyte).toFixed(1)} GB`

const room = async ({ free }: Machine, folder: string): Promise<Need> => {
  const left = await free(folder)
  const base = { name: 'disk' }
  if (left === undefined) return { ...base, state: 'ok', says: `cannot be told for ${folder}` }
  const says = `${round(left)} free where images lie (${folder})`
  return left >= wants.disk
    ? { ...base, state: 'ok', says }
    : {
        ...base,
        state: 'problem',
        says,
        next: `free ${round(wants.disk)}: "docker system prune" removes what is not used`,
      }
}

const runtimeNeeds = async (machine: Machine): Promise<Need[]> => {
  const { env, run } = machine
  const name = 'runtime'
  try {
    const runtime = await chooseRuntime(env, (program) => findProgram(program, env) !== undefined)
    const { stdout } = await run(
      { run: [runtime, 'info', '--format', formats[runtime]], says: `Ask ${runtime} how much it has` },
      { env, timeout: 20_000 },
    )
    const [cpus = Number.NaN, memory = Number.NaN] = stdout.trim().split(' ').map(Number)
    const folder = stdout.trim().split(' ')[2] || '/'
    const few = cpus < wants.cpus
    const little = memory < wants.memory
    return [
      { name, state: 'ok', says: `${runtime} runs` },
      {
        name: 'cpu',
        state: few ? 'problem' : 'ok',
        says: `${Number.isNaN(cpus) ? 'an unknown number of' : cpus} CPUs for ${runtime}`,
        ...(few && { next: `give ${runtime} at least ${wants.cpus}` }),
      },
      {
        name: 'memory',
        state: little ? 'problem' : 'ok',
        says: `${Number.isNaN(memory) ? 'an unknown amount' : round(memory)} for ${runtime}`,
        ...(little && {
          next: `give ${runtime} at least ${round(wants.memory)}: in the settings of Docker Desktop, or of the machine`,
        }),
      },
      await room(machine, folder),
    ]
  } catch (error) {
    if (error instanceof ToolMissing)
      return [{ name, state: 'missing', says: 'no container runtime', next: error.message.split('\n')[0] }]
    if (!(error instanceof CommandFailed)) throw error
    const says = error.lastLines.at(-1) ?? error.message.split('\n')[0]!
    return [
      { name, state: 'problem', says, next: adviceFor(error.lastLines) ?? 'see what it says when asked for "info"' },
    ]
  }
}

const inotifyNeed = ({ proc }: Machine): Need[] => {
  const found = Object.entries(inotify).map(([key, least]) => {
    const text = proc(`/proc/sys/fs/inotify/${key}`)
    return { key, least, has: text === undefined ? undefined : Number(text) }
  })
  // Docker Desktop's and podman's machines have limits of their own.
  if (found.some(({ has }) => has === undefined)) return []
  const low = found.filter(({ has, least }) => has! < least)
  const says = found.map(({ key, has }) => `${key} ${has}`).join(', ')
  if (low.length === 0) return [{ name: 'inotify', state: 'ok', says }]
  const next = `nodes may fail with "too many open files": sudo sysctl ${low.map(({ key, least }) => `fs.inotify.${key}=${least}`).join(' ')}`
  return [{ name: 'inotify', state: 'problem', says, next }]
}

const architecture = ({ arch }: Machine): Need =>
  arch === 'x64' || arch === 'arm64'
    ? { name: 'architecture', state: 'ok', says: arch }
    : { name: 'architecture', state: 'problem', says: arch, next: 'node images are there for x64 and arm64 only' }

const toolNeed = async (tool: Tool, look: ReturnType<typeof lookIn>): Promise<Need> => {
  const found = await look(tool)
  const problem = complaint(tool, found)
  if (problem === undefined)
    return {
      name: tool.name,
      state: 'ok',
      says: `${found?.version ?? 'of unknown version'} at ${found?.path}; ${tool.what}`,
    }
  const [says = problem, next] = problem.split(/; (?=install )|: (?=install )/)
  return { name: tool.name, state: found ? 'problem' : 'missing', says, ...(next && { next }) }
}

/** Everything, in the order in which one would see to it. */
export const kindNeeds = async (machine: Machine): Promise<Need[]> => {
  const look = lookIn(machine.env)
  const meshes = Object.keys(meshVersions) as MeshName[]
  const tools = [kind, kubectl, ...meshes.map((mesh) => meshTool(mesh, meshVersions[mesh])), helm]
  const [runtime, ...found] = await Promise.all([runtimeNeeds(machine), ...tools.map((tool) => toolNeed(tool, look))])
  return [
    ...runtime,
    architecture(machine),
    ...inotifyNeed(machine),
    { name: 'ports', state: 'ok', says: 'none need to be free: the API server takes any, on 127.0.0.1 only' },
    ...found,
  ]
}
