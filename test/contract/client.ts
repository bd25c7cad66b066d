/** What every client of a cluster can rely on, said once; each implementation says how it does it. */
import { expect, test } from 'vitest'
import type { KubeObject } from '../../src/kube/api.ts'

export interface Refusal {
  code: number
  reason: string
}

export interface Seen {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  object: KubeObject
}

/** A client under test, in the namespace `default`. Refusals reject; `refusal` reads them. */
export interface ContractClient {
  create(object: KubeObject): Promise<KubeObject>
  get(apiVersion: string, kind: string, name: string): Promise<KubeObject>
  list(apiVersion: string, kind: string, labelSelector?: string): Promise<KubeObject[]>
  replace(object: KubeObject): Promise<KubeObject>
  patch(object: KubeObject, type: 'json' | 'merge' | 'strategic', body: unknown): Promise<KubeObject>
  /** Server-side. */
  apply(object: KubeObject, manager: string, force: boolean): Promise<KubeObject>
  delete(object: KubeObject): Promise<void>
  /** What there is, then what happens, to ConfigMaps with that label. Returns what stops it. */
  watch(labelSelector: string, onEvent: (event: Seen) => void): Promise<() => void>
  exec(pod: string, command: string[], stdin: string): Promise<{ stdout: string; exitCode: number }>
  logs(pod: string): Promise<string>
  canI(verb: string, resource: string): Promise<boolean>
  refusal(error: unknown): Refusal
}

const configMap = (
  name: string,
  data: Record<string, string> = {},
  labels: Record<string, string> = {},
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', labels },
  data,
})

const deployment = (name: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
  },
})

/**
 * Registers the suite's tests. `name` keeps the objects of several clients apart; the pod `client` has a container
 * `main` of busybox that has printed `ready`.
 */
export function clientContract(name: string, client: () => ContractClient): void {
  const refused = async (attempt: Promise<unknown>): Promise<Refusal> =>
    attempt.then(
      () => {
        throw new Error('it was not refused')
      },
      (error) => client().refusal(error),
    )

  test('creates, reads, lists by label, replaces, deletes', async () => {
    const made = await client().create(configMap(`${name}-a`, { x: '1' }, { suite: name }))
    await client().create(configMap(`${name}-b`))
    expect(made.metadata.uid).toBeTruthy()
    expect((await client().list('v1', 'ConfigMap', `suite=${name}`)).map(({ metadata }) => metadata.name)).toEqual([
      `${name}-a`,
    ])
    const replaced = await client().replace({ ...made, data: { x: '2' } })
    expect(await client().get('v1', 'ConfigMap', `${name}-a`)).toMatchObject({
      data: { x: '2' },
      metadata: { uid: made.metadata.uid, resourceVersion: replaced.metadata.resourceVersion },
    })
    await client().delete(made)
    expect(await refused(client().get('v1', 'ConfigMap', `${name}-a`))).toEqual({ code: 404, reason: 'NotFound' })
  })

  test('is told why: exists already, stale, invalid', async () => {
    const made = await client().create(configMap(`${name}-why`, { x: '1' }))
    expect(await refused(client().create(configMap(`${name}-why`)))).toEqual({ code: 409, reason: 'AlreadyExists' })
    await client().replace({ ...made, data: { x: '2' } })
    expect(await refused(client().replace({ ...made, data: { x: '3' } }))).toEqual({ code: 409, reason: 'Conflict' })
    expect(await refused(client().create(configMap('Not_A_Name')))).toEqual({ code: 422, reason: 'Invalid' })
  })

  test('patches in each of the three ways', async () => {
    const made = await client().create(deployment(`${name}-patched`))
    const containers = (object: KubeObject) =>
      (object.spec as { template: { spec: { containers: object[] } } }).template.spec.containers
    const json = await client().patch(made, 'json', [{ op: 'add', path: '/metadata/labels', value: { a: '1' } }])
    expect(json.metadata.labels).toEqual({ a: '1' })
    const merged = await client().patch(made, 'merge', { metadata: { labels: { a: null, b: '2' } } })
    expect(merged.metadata.labels).toEqual({ b: '2' })
    const second = { spec: { template: { spec: { containers: [{ name: 'd', image: 'busybox' }] } } } }
    const strategic = await client().patch(made, 'strategic', second)
    expect(containers(strategic)).toMatchObject([{ name: 'd' }, { name: 'c' }])
  })

  test('applies on the server, meets a conflict, forces', async () => {
    const of = (x: string) => configMap(`${name}-applied`, { x })
    await client().apply(of('1'), 'one', false)
    expect(await refused(client().apply(of('2'), 'two', false))).toEqual({ code: 409, reason: 'Conflict' })
    expect(await client().apply(of('2'), 'two', true)).toMatchObject({ data: { x: '2' } })
  })

  test('watches: what there is, then each change once and in order', async () => {
    const label = `${name}-watched`
    const first = await client().create(configMap(`${label}-1`, {}, { watched: label }))
    const seen: string[] = []
    let told = (): void => {}
    const stop = await client().watch(`watched=${label}`, ({ type, object }) => {
      seen.push(`${type} ${object.metadata.name} ${(object.data as { x?: string } | undefined)?.x ?? ''}`.trim())
      told()
    })
    const until = (count: number): Promise<void> =>
      new Promise((resolve) => {
        told = () => void (seen.length >= count && resolve())
        told()
      })
    await until(1)
    const second = await client().create(configMap(`${label}-2`, {}, { watched: label }))
    await client().patch(second, 'merge', { data: { x: '1' } })
    await client().patch(second, 'merge', { data: { x: '2' } })
    await client().delete(first)
    await until(5)
    stop()
    expect(seen).toEqual([
      `ADDED ${label}-1`,
      `ADDED ${label}-2`,
      `MODIFIED ${label}-2 1`,
      `MODIFIED ${label}-2 2`,
      `DELETED ${label}-1`,
    ])
  })

  test('runs a command, with its input, output and exit code', async () => {
    expect(await client().exec('client', ['sh', '-c', 'cat; exit 7'], 'typed')).toEqual({
      stdout: 'typed',
      exitCode: 7,
    })
  })

  test('reads logs', async () => {
    expect(await client().logs('client')).toBe('ready\n')
  })

  test('asks what it may do', async () => {
    expect(await client().canI('delete', 'secrets')).toBe(true)
  })
}
