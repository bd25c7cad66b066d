/**
 * The learner's own shell with the lab's kubeconfig and a prompt that says where one is: data only; `terminal.ts` starts it.
 * bash and zsh set their prompt in a start file, so they get one that reads the learner's own first. This program and the
 * tools of meshes, as it has them, are there too, behind whatever else is on the PATH: a real one is found first.
 */
import { basename } from 'node:path'
import type { Command } from './run.ts'

type Environment = Record<string, string | undefined>

export interface SubshellPlan {
  command: Command
  /** Files to write before it starts, by name below `folder`. */
  files: { name: string; content: string; executable?: boolean }[]
}

/** Set inside a lab's shell; its value is the scenario. */
export const labVariable = 'MESHDOJO_LAB'

/** kubectl honours HTTPS_PROXY, and no proxy reaches this machine's loopback. */
const withoutProxy = (value: string | undefined): string => {
  const hosts = (value ?? '').split(',').filter(Boolean)
  return [...new Set([...hosts, '127.0.0.1', 'localhost'])].join(',')
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** What the shell has, and what this program is told then: itself, and what its `tool` speaks for. */
const tools = { meshdojo: '', istioctl: ' tool istioctl', linkerd: ' tool linkerd' }

/** `folder`: an empty folder for its start files. `program`: how this program is started; absent: without tools. */
export const planSubshell = (
  env: Environment,
  kubeconfig: string,
  where: string,
  folder: string,
  program?: readonly string[],
): SubshellPlan => {
  const own = planShell(env, kubeconfig, where, folder)
  if (program === undefined) return own
  const path = [env.PATH, `${folder}/bin`].filter(Boolean).join(':')
  const call = program.map(quote).join(' ')
  // A start file of the learner's may set PATH anew.
  const last = `case ":$PATH:" in *:${quote(`${folder}/bin`)}:*) ;; *) PATH="$PATH":${quote(`${folder}/bin`)} ;; esac\n`
  return {
    command: { ...own.command, env: { ...own.command.env, PATH: path } },
    files: [
      ...own.files.map((file) => ({ ...file, content: file.content + last })),
      ...Object.entries(tools).map(([name, words]) => ({
        name: `bin/${name}`,
        content: `#!/bin/sh\nexec ${call}${words} "$@"\n`,
        executable: true,
      })),
    ],
  }
}

const planShell = (env: Environment, kubeconfig: string, where: string, folder: string): SubshellPlan => {
  const shell = env.SHELL || '/bin/sh'
  const prompt = `(meshdojo ${where}) `
  const noProxy = withoutProxy(env.NO_PROXY ?? env.no_proxy)
  const variables = { KUBECONFIG: kubeconfig, [labVariable]: where, NO_PROXY: noProxy, no_proxy: noProxy }
  const says = `Shell in ${where}`
  switch (basename(shell)) {
    case 'bash':
      return {
        command: { run: [shell, '--rcfile', `${folder}/bashrc`, '-i'], says, env: variables },
        files: [
          {
            name: 'bashrc',
            content: `[ -f ~/.bashrc ] && . ~/.bashrc\nPROMPT_COMMAND=\nPS1=${quote(prompt)}"\${PS1:-\\\\$ }"\n`,
          },
        ],
      }
    case 'zsh': {
      const own = env.ZDOTDIR ?? env.HOME ?? ''
      return {
        command: { run: [shell, '-i'], says, env: { ...variables, ZDOTDIR: folder } },
        files: [
          {
            name: '.zshrc',
            content: `ZDOTDIR=${quote(own)}\n[ -f "$ZDOTDIR/.zshrc" ] && . "$ZDOTDIR/.zshrc"\nprecmd_functions=()\nPROMPT=${quote(prompt)}"$PROMPT"\n`,
          },
        ],
      }
    }
    case 'fish':
      return {
        command: {
          run: [
            shell,
            '--init-command',
            `functions -c fish_prompt __meshdojo_prompt; function fish_prompt; echo -n ${quote(prompt)}; __meshdojo_prompt; end`,
          ],
          says,
          env: variables,
        },
        files: [],
      }
    default:
      return { command: { run: [shell, '-i'], says, env: { ...variables, PS1: `${prompt}$ ` } }, files: [] }
  }
}
