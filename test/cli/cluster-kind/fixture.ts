/** The verbs on a machine of scripts, and what they changed there. */
import { join } from 'node:path'
import { type Machine, usual } from '../../providers/kind/machine.ts'
import { runCli } from '../io.ts'

export const cli = (machine: Machine, line: string) => runCli(line.split(' '), machine.env)
export const kubeconfigOf = (machine: Machine) => join(machine.stateFolder, 'kind/meshdojo-istio/kubeconfig')
export const changes = (machine: Machine): string[] =>
  machine.ran().filter((line) => /^(kind (create|delete)|istioctl install|helm upgrade|helm uninstall)/.test(line))

/** Asks once the other is installing. */
export const untilBusy = async (machine: Machine) => {
  while (!machine.ran().some((line) => line.startsWith('istioctl install')))
    await new Promise((next) => setImmediate(next))
  return cli(machine, 'cluster create')
}

/** Fails at one command, and is as usual otherwise. */
export const failingAt = (name: string, pattern: string, body: string): string =>
  `case "$line" in '${pattern}'*) ${body} ;; esac\n${usual[name]}`
