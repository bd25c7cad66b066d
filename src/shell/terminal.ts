/** The learner's editor and shell, made real. The caller has put its own use of the terminal aside meanwhile. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Terminal } from '../session/types.ts'
import { startDetached } from './child.ts'
import { chooseEditor, planEdit } from './editor.ts'
import { findProgram } from './find.ts'
import { CommandFailed, run } from './run.ts'
import { multiplexer, planSplit } from './split.ts'
import { labVariable, planSubshell } from './subshell.ts'

/** The shell and the start files that it needs, in a folder of their own. */
const prepareShell = async (
  { env, program }: { env: NodeJS.ProcessEnv; program?: readonly string[] },
  kubeconfig: string,
  where: string,
) => {
  const folder = await mkdtemp(join(tmpdir(), 'meshdojo-shell-'))
  const { command, files } = planSubshell(env, kubeconfig, where, folder, program)
  for (const { name, content, executable } of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content, { mode: executable ? 0o700 : 0o600 })
  }
  return { command, folder }
}

/**
 * `env` decides on editor and shell, and is what they are started with; `write` and `output` reach the terminal;
 * `program` is how this program is started, for the tools that a lab's shell has.
 */
export const createTerminal = (
  env: NodeJS.ProcessEnv = process.env,
  write: (text: string) => void = (text) => void process.stdout.write(text),
  output: 'inherited' | 'on-stderr' = 'inherited',
  program?: readonly string[],
): Terminal => ({
  async edit(path) {
    const editor = chooseEditor(env, (program) => findProgram(program, env) !== undefined)
    if (!editor) return { says: `no editor found: set EDITOR, or change ${path} with any program` }
    const plan = planEdit(editor, path, env)
    try {
      if (plan.where === 'window') {
        await startDetached(plan.command, env)
        return { says: `opened in ${editor.argv[0]}; saving applies it` }
      }
      if (plan.where === 'pane') {
        const opened = await run(plan.command, { env }).then(
          () => true,
          () => false,
        )
        if (opened) return { says: 'opened in a pane beside this one; saving applies it' }
      }
      await run(plan.where === 'pane' ? plan.instead : plan.command, { output, env })
      return {}
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
      const next = error.code === 'ENOENT' ? ': set EDITOR to one that is' : ''
      return { says: `${error.message.split('\n')[0]}${next}` }
    }
  },

  async shell(kubeconfig, where) {
    if (env[labVariable])
      return { says: `this is a lab's shell already (${env[labVariable]}): use it, or exit it first` }
    const { command, folder } = await prepareShell({ env, program }, kubeconfig, where)
    try {
      write(`\nkubectl talks to the lab of ${where} here. exit or ctrl-d returns.\n`)
      await run(command, { output, env })
      return {}
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
      // A shell ends with the code of its last command: that is no failure.
      return error.code ? { says: error.message.split('\n')[0] } : {}
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },

  ...(multiplexer(env) && {
    split: async (kubeconfig: string, where: string) => {
      const { command, folder } = await prepareShell({ env, program }, kubeconfig, where)
      try {
        await run(planSplit(env, command, folder), { env })
        return { says: 'a shell of the lab opened in a pane beside this one' }
      } catch (error) {
        await rm(folder, { recursive: true, force: true })
        if (!(error instanceof CommandFailed)) throw error
        return { says: error.message.split('\n')[0] }
      }
    },
  }),
})
