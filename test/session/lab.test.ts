/** An opened lab over the real cluster: what it tells of an applied file, and when. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openEmbedded } from '../../src/cli/embedded-lab.ts'
import type { LabToOpen } from '../../src/content/lab-spec.ts'
import { type CatalogueItem, loadScenario } from '../../src/content/load.ts'
import { createEmbeddedCluster } from '../../src/embedded/cluster.ts'
import type { Cluster } from '../../src/kube/api.ts'
import { istio } from '../../src/meshes/istio/index.ts'
import { openLab } from '../../src/session/lab.ts'
import { emptyWork } from '../../src/session/work.ts'
import { item as demo } from './fixture.ts'

const configMap = (name: string, value: string): string =>
  `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${name}, namespace: default}, data: {value: "${value}"}}\n`

/** A cluster whose watches say nothing any more once they are held. */
const withHeldWatches = (cluster: Cluster): { cluster: Cluster; hold: () => void } => {
  let held = false
  const gate = () =>
    new TransformStream<Uint8Array, Uint8Array>({
      transform: (chunk, controller) => {
        if (!held) controller.enqueue(chunk)
      },
    })
  return {
    hold: () => {
      held = true
    },
    cluster: {
      ...cluster,
      exec: (...args) => cluster.exec(...args),
      fetch: async (request) => {
        const response = await cluster.fetch(request)
        if (!/[?&]watch=/.test(request.url) || !response.body) return response
        return new Response(response.body.pipeThrough(gate()), response)
      },
    },
  }
}

const open = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-'))
  const embedded = await createEmbeddedCluster()
  const { cluster, hold } = withHeldWatches(embedded.cluster)
  const item: CatalogueItem = {
    ...demo,
    labFolder: folder,
    lab: { ...demo.lab, spec: { ...demo.lab.spec, manifests: ['lab.yaml'] } },
  }
  writeFileSync(join(folder, 'lab.yaml'), configMap('of-the-lab', '1'))
  const { lab } = await openLab(
    {
      provider: { name: 'embedded', open: async () => ({ cluster, kubeconfig: 'none', close: async () => {} }) },
      loadMesh: async () => undefined,
    },
    item,
    emptyWork(),
    () => {},
    new AbortController().signal,
  )
  onTestFinished(async () => {
    await lab.close()
    embedded.stop()
  })
  const file = join(folder, 'mine.yaml')
  const apply = (text: string) => {
    writeFileSync(file, text)
    return lab.apply(file)
  }
  return { lab, hold, apply }
}

test('what was applied is told as work before applying ends, however late the watches are', async () => {
  const { lab, hold, apply } = await open()
  const told: string[][] = []
  lab.onChange(({ byLearner }) => {
    if (byLearner) told.push(lab.work().present.map(({ metadata }) => metadata.name))
  })
  hold()
  expect(await apply(configMap('mine', '1'))).toMatchObject({ ok: true })
  expect(told).toEqual([['mine']])
  // A part of a file that is refused elsewhere is work as well.
  const half = `${configMap('mine', '2')}---\n${configMap('more', '1')}---\n${configMap('Not_A_Name', '1')}`
  expect(await apply(half)).toMatchObject({ ok: false })
  expect(told.at(-1)).toEqual(['mine', 'more'])
  expect(lab.work().present[0]).toMatchObject({ data: { value: '2' } })
})

test('of an object that is refused, and quoted whole, the reason is told', async () => {
  const { apply } = await open()
  const long = 'a long text that the server quotes '.repeat(20)
  await apply(configMap('mine', long))
  const bad = configMap('mine', long).replace('metadata:', 'dat: {},\n metadata:')
  expect(await apply(bad)).toMatchObject({
    ok: false,
    says: 'mine.yaml:2 ConfigMap default/mine refused: "" is invalid: patch: Invalid value: "…": strict decoding error: unknown field "dat"',
  })
})

test("a token's verdict is told with its reason: the keys are fetched as the mesh would, out of the lab", async () => {
  const item = await loadScenario('istio-only-with-a-token')
  const open = async ({ name, mesh, objects }: LabToOpen) => {
    const { cluster, stop } = await openEmbedded(istio, { name, mesh, objects })
    return { cluster, kubeconfig: 'none', close: async () => stop() }
  }
  const { lab } = await openLab(
    { provider: { name: 'embedded', open }, loadMesh: async () => istio },
    item,
    emptyWork(),
    () => {},
    new AbortController().signal,
  )
  onTestFinished(() => lab.close())
  const file = join(mkdtempSync(join(tmpdir(), 'lab-')), 'mine.yaml')
  // Verified, and not forwarded: the application sees no token.
  writeFileSync(
    file,
    `{apiVersion: security.istio.io/v1, kind: RequestAuthentication, metadata: {name: login, namespace: production}, spec: {
      selector: {matchLabels: {app: api-server}}, jwtRules: [{issuer: https://login.shop.example,
      jwksUri: http://token-issuer.login/.well-known/jwks.json}]}}`,
  )
  await lab.apply(file)
  const [step] = item.scenario.spec.steps
  const { reports } = await lab.grade(step!, new AbortController().signal)
  const [first] = reports[0]!.checks
  expect(first).toMatchObject({ passed: false, because: expect.stringContaining('No AuthorizationPolicy selects') })
})
