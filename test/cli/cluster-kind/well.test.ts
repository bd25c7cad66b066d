/** `cluster create|list|delete` on a machine where all is well. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeMachine, usual } from '../../providers/kind/machine.ts'
import { changes, cli, kubeconfigOf, untilBusy } from './fixture.ts'

describe('a machine where all is well', () => {
  test('create, again, list, delete: each does its part once, and nothing is left', async () => {
    const machine = makeMachine()
    const made = await cli(machine, 'cluster create --mesh istio')
    expect(made).toMatchObject({ code: 0, stdout: `ready ${kubeconfigOf(machine)}\n` })
    expect(statSync(kubeconfigOf(machine)).mode & 0o777).toBe(0o600)
    const once = changes(machine)
    expect(once.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['kind create', 'istioctl install'])

    const again = await cli(machine, 'cluster create --mesh istio')
    expect([again.code, again.stdout]).toEqual([0, made.stdout])
    expect(again.stderr.match(/it is there already/g)).toHaveLength(3)
    expect(changes(machine)).toEqual(once)

    const [listed] = JSON.parse((await cli(machine, 'cluster list --json')).stdout) as object[]
    expect(listed).toMatchObject({ name: 'meshdojo-istio', mesh: 'istio', version: '1.30.3', state: 'ready' })
    expect((await cli(machine, 'cluster list')).stdout).toMatch(/meshdojo-istio +istio 1\.30\.3 .* ready/)

    // "check" and the like take it when it is the only one; nothing answers behind a kubeconfig that a script wrote.
    expect((await cli({ ...machine, env: { ...machine.env, KUBECONFIG: '' } }, 'matrix')).stderr).toContain(
      `kubeconfig ${kubeconfigOf(machine)}`,
    )

    expect((await cli(machine, 'cluster delete --name meshdojo-istio')).code).toBe(0)
    expect([machine.has('cluster'), existsSync(kubeconfigOf(machine))]).toEqual([false, false])
    expect(await cli(machine, 'cluster list')).toMatchObject({ code: 0, stdout: '' })
    expect(machine.unexpected()).toEqual([])
  })

  test('--dry-run says everything and does nothing', async () => {
    const machine = makeMachine()
    const { code, stdout } = await cli(machine, 'cluster create --lab shop-istio --dry-run')
    expect(code).toBe(0)
    expect(stdout).toContain('kind create cluster --name meshdojo-istio')
    expect(stdout).toMatch(/apply Namespace production, staging, legacy/)
    expect(machine.ran().filter((line) => !line.includes('version'))).toEqual([])
    expect(existsSync(machine.stateFolder)).toBe(false)
  })

  test('the learner’s own kubeconfig is not touched, and no child sees it', async () => {
    const machine = makeMachine({
      ...usual,
      istioctl: `${usual.istioctl}\n[ "$2" = --remote=false ] || echo "$KUBECONFIG" > "$state/kubeconfig-of-istioctl"`,
    })
    writeFileSync(machine.env.KUBECONFIG!, 'mine')
    const before = statSync(machine.env.KUBECONFIG!, { bigint: true })
    expect((await cli(machine, 'cluster create')).code).toBe(0)
    expect(readFileSync(machine.env.KUBECONFIG!, 'utf8')).toBe('mine')
    const { mtimeNs, ctimeNs, ino } = statSync(machine.env.KUBECONFIG!, { bigint: true })
    expect({ mtimeNs, ctimeNs, ino }).toEqual({ mtimeNs: before.mtimeNs, ctimeNs: before.ctimeNs, ino: before.ino })
    const seen = join(machine.env.HOME!, '../state/kubeconfig-of-istioctl')
    expect(readFileSync(seen, 'utf8').trim()).toBe(kubeconfigOf(machine))
  })

  test('several at once: one works, the other says who does', async () => {
    const machine = makeMachine()
    // The first is at work until the second has been told so.
    machine.change(
      'istioctl',
      `${usual.istioctl}\ncase "$line" in *install*) while [ ! -f "$state/go" ]; do /bin/sleep 0.05; done ;; esac`,
    )
    const first = cli(machine, 'cluster create')
    const second = await untilBusy(machine)
    writeFileSync(join(machine.env.HOME!, '../state/go'), '')
    expect(second).toMatchObject({ code: 3, stdout: '' })
    expect(second.stderr).toMatch(/meshdojo-istio is in use by another meshdojo \(process \d+\): wait for it/)
    expect((await first).code).toBe(0)
    expect(changes(machine)).toHaveLength(2)
  })
})
