/** A scenario's lab served for a script, and a shell that types commands into it and keeps what they print. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ServedLab {
  kubeconfig: string
  /** Runs the command in the script's home folder and gives it back as a console shows it: `$ command`, then its output. */
  type(command: string): string[]
  close(): Promise<void>
}

/** `program`: bin/meshdojo.js; `home`: a folder of the script's own, which becomes `~` in what is shown. */
export const serveLab = async (
  scenario: string,
  { program, home, env }: { program: string; home: string; env: NodeJS.ProcessEnv },
): Promise<ServedLab> => {
  const kubeconfig = join(home, 'lab')
  const cluster = spawn(
    process.execPath,
    [program, 'cluster', 'serve', '--scenario', scenario, '--kubeconfig', kubeconfig],
    { env, stdio: ['pipe', 'pipe', 'inherit'] },
  )
  await new Promise<void>((resolve) => cluster.stdout.once('data', () => resolve()))
  writeFileSync(join(home, 'meshdojo'), `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`)
  chmodSync(join(home, 'meshdojo'), 0o755)
  return {
    kubeconfig,
    type: (command) => {
      let output = ''
      try {
        output = execFileSync('sh', ['-c', `${command} 2>&1`], {
          cwd: home,
          encoding: 'utf8',
          env: { ...env, KUBECONFIG: kubeconfig, PATH: `${home}:${process.env.PATH}` },
        })
      } catch (error) {
        output = String((error as { stdout: string }).stdout)
      }
      return [`$ ${command}`, ...output.trimEnd().replaceAll(home, '~').split('\n')]
    },
    close: async () => {
      cluster.kill('SIGTERM')
      await new Promise<void>((done) => cluster.once('exit', () => done()))
    },
  }
}

/** The text with what stands between `<!-- name … -->` and `<!-- /name -->` replaced by a console block. */
export const withConsole = (text: string, name: string, lines: readonly string[]): string =>
  text.replace(
    new RegExp(`(<!-- ${name}[^>]*-->\\n)[\\s\\S]*?(<!-- /${name} -->)`),
    (_, open: string, close: string) => `${open}\n\`\`\`console\n${lines.join('\n')}\n\`\`\`\n\n${close}`,
  )
