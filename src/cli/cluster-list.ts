/** `cluster list`: the clusters that meshdojo made, or what one context of the learner's own kubeconfig is. */
import { type CatalogueItem, labObjects, loadCatalogue } from '../content/load.ts'
import { type ContextOptions, lookAtContext, unfit } from '../providers/context.ts'
import { listClusters } from '../providers/kind/make.ts'
import type { Provider } from '../providers/provider.ts'
import { stateFolder } from '../session/state-folder.ts'
import { contentRoots } from './content.ts'
import { exit, type Io, note, print, printJson, UsageError } from './io.ts'
import { requireNeeds } from './needs.ts'
import { formatTable } from './table.ts'

export interface ListOptions {
  provider: Provider['name']
  context?: string
  json?: boolean
}

const states = {
  ready: 'ready',
  unfinished: 'not finished: "cluster create" goes on',
  gone: 'gone: kind does not know it any more; "cluster delete" forgets it',
  unknown: 'unknown: kind does not answer',
} as const

const listMade = async (io: Io, json: boolean | undefined): Promise<number> => {
  const clusters = await listClusters({ stateFolder: stateFolder(io.env), env: io.env })
  if (json) printJson(io, clusters)
  else if (clusters.length === 0) note(io, 'meshdojo made no cluster; "meshdojo cluster create" makes one')
  else {
    const rows = clusters.map(({ name, mesh, version, lab, state, kubeconfig }) => [
      name,
      `${mesh} ${version}`,
      lab ?? '-',
      kubeconfig,
      states[state],
    ])
    print(io, formatTable([['NAME', 'MESH', 'LAB', 'KUBECONFIG', 'STATE'], ...rows]))
  }
  return exit.passed
}

const describeContext = async (io: Io, options: ContextOptions, json: boolean | undefined): Promise<number> => {
  // The context's kubeconfig is copied there.
  requireNeeds(io)
  const found = await lookAtContext(options)
  const { items } = await loadCatalogue(contentRoots(io, undefined))
  const fits = async (item: CatalogueItem): Promise<boolean> =>
    unfit({ mesh: item.lab.metadata.mesh, objects: await labObjects(item) }, found) === undefined
  const fitting = await Promise.all(
    items.map(async (item) => ((await fits(item)) ? [item.scenario.metadata.name] : [])),
  )
  const scenarios = fitting.flat()
  const { name, mesh, version, mode, lab } = found
  if (json) {
    printJson(io, { context: name, mesh, version, mode, lab, scenarios })
    return exit.passed
  }
  const what = mesh ? [mesh, version, mode && `${mode} mode`].filter(Boolean).join(' ') : 'no mesh that meshdojo knows'
  const mayChange = `it is no lab: nothing is changed in it without --yes-change-this-cluster ${name}`
  print(io, `${name}: ${what}; ${lab ? `the lab ${lab} is in it` : mayChange}`)
  print(io, scenarios.length ? `scenarios that fit:\n  ${scenarios.join('\n  ')}` : 'no scenario fits it')
  return exit.passed
}

export const list = (io: Io, { provider, context, json }: ListOptions): Promise<number> => {
  if (provider === 'embedded')
    throw new UsageError('cluster list is for real clusters; embedded ones end with the program that started them')
  if (provider === 'context') {
    return describeContext(io, { stateFolder: stateFolder(io.env), env: io.env, context }, json)
  }
  if (context !== undefined) throw new UsageError('--context goes with --provider context')
  return listMade(io, json)
}
