import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { crdsSettled } from '../../../src/embedded/crds/controller.ts'
import type { CustomResourceDefinition } from '../../../src/embedded/crds/definition.ts'
import { widget, widgetCrd } from './widget.ts'

const crds = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' }
const widgets = { group: 'ex.io', resource: 'widgets' }

let cluster: EmbeddedCluster
beforeEach(async () => {
  cluster = await createEmbeddedCluster()
})
afterEach(() => cluster.stop())

const conditions = (name: string) =>
  ((cluster.registry.get(crds, name) as CustomResourceDefinition).status?.conditions ?? []).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
  )
const install = async (crd = widgetCrd()) => {
  cluster.registry.create(crd)
  await crdsSettled(cluster.registry)
}
/** Resolves once the CRD is gone. */
const gone = (name: string) =>
  new Promise<void>((resolve) => {
    const stop = cluster.registry.watch(crds, ({ type, object }) => {
      if (type !== 'DELETED' || object.metadata.name !== name) return
      stop()
      resolve()
    })
  })

describe('a CRD', () => {
  test('is served, says so, and keeps its own clean-up in hand', async () => {
    await install()
    expect(conditions('widgets.ex.io')).toEqual([
      'NamesAccepted=True NoConflicts: no conflicts found',
      'Established=True InitialNamesAccepted: the initial names have been accepted',
    ])
    expect(cluster.registry.get(crds, 'widgets.ex.io')).toMatchObject({
      metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'] },
      status: { acceptedNames: { plural: 'widgets', kind: 'Widget' }, storedVersions: ['v1'] },
    })
    cluster.registry.create(widget({ size: 1 }))
    expect(cluster.registry.get(widgets, 'w', 'default')).toMatchObject({ spec: { size: 1, color: 'red' } })
  })

  test('whose names are taken is not served', async () => {
    await install()
    const rival = widgetCrd()
    rival.metadata.name = 'gadgets.ex.io'
    rival.spec.names = { plural: 'gadgets', kind: 'Gadget', shortNames: ['wd'] }
    await install(rival)
    expect(conditions('gadgets.ex.io')).toEqual([
      'NamesAccepted=False ShortNamesConflict: "wd" is already in use',
      'Established=False NotAccepted: not all names are accepted',
    ])
    expect(cluster.kinds.byResource('ex.io', 'gadgets')).toBeUndefined()
  })

  test('that changes serves its new schema and drops versions', async () => {
    const crd = widgetCrd()
    const [v1] = crd.spec.versions
    crd.spec.versions.push({ ...v1!, name: 'v1alpha1', storage: false })
    await install(crd)
    expect(cluster.kinds.byResource('ex.io', 'widgets', 'v1alpha1')).toBeDefined()
    const changed = new Promise<void>((resolve) => cluster.kinds.onChange(resolve))
    cluster.registry.mutate(crds, 'widgets.ex.io', undefined, (draft) => {
      const { spec } = draft as CustomResourceDefinition
      spec.versions = [
        { ...v1!, additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }] },
      ]
    })
    await changed
    await crdsSettled(cluster.registry)
    expect(cluster.kinds.byResource('ex.io', 'widgets')?.columns.map(({ name }) => name)).toEqual(['Name', 'Size'])
    expect(cluster.kinds.byResource('ex.io', 'widgets', 'v1alpha1')).toBeUndefined()
  })

  test('takes its objects with it', async () => {
    await install()
    cluster.registry.create(widget({ size: 1 }))
    const done = gone('widgets.ex.io')
    cluster.registry.delete(crds, 'widgets.ex.io')
    await done
    expect(cluster.kinds.byResource('ex.io', 'widgets')).toBeUndefined()
    await install()
    expect(cluster.registry.list(widgets)).toEqual([])
  })

  test('waits for objects that something else still holds', async () => {
    await install()
    const held = widget({ size: 1 })
    cluster.registry.create({ ...held, metadata: { ...held.metadata, finalizers: ['ex.io/hold'] } })
    const terminating = new Promise<void>((resolve) => {
      const stop = cluster.registry.watch(crds, ({ object }) => {
        if (!conditions(object.metadata.name).some((text) => text.startsWith('Terminating=True'))) return
        stop()
        resolve()
      })
    })
    cluster.registry.delete(crds, 'widgets.ex.io')
    await terminating
    expect(cluster.registry.get(widgets, 'w', 'default')?.metadata.deletionTimestamp).toBeDefined()
    const done = gone('widgets.ex.io')
    cluster.registry.mutate(widgets, 'w', 'default', (draft) => {
      draft.metadata.finalizers = []
    })
    await done
    expect(cluster.kinds.byResource('ex.io', 'widgets')).toBeUndefined()
  })
})
