/** Events as events.k8s.io/v1 has them: the same objects as core's, other names (kubernetes/kubernetes pkg/apis/events/v1/conversion.go). */
import type { KubeObject } from '../../kube/api.ts'
import { columnsThrough, defined } from './conversion.ts'
import { eventKind } from './event.ts'
import type { Kind } from './kind.ts'

/** New name → old name. */
const renamed: [string, string][] = [
  ['regarding', 'involvedObject'],
  ['note', 'message'],
  ['reportingController', 'reportingComponent'],
  ['deprecatedSource', 'source'],
  ['deprecatedFirstTimestamp', 'firstTimestamp'],
  ['deprecatedLastTimestamp', 'lastTimestamp'],
  ['deprecatedCount', 'count'],
]

const rename = (object: KubeObject, names: ReadonlyMap<string, string>, apiVersion: string): KubeObject => ({
  ...(defined(
    Object.fromEntries(Object.entries(object).map(([name, value]) => [names.get(name) ?? name, value])),
  ) as KubeObject),
  apiVersion,
})

const toOld = new Map(renamed)
const toNew = new Map(renamed.map(([fresh, old]) => [old, fresh]))
const toStored = (object: KubeObject) => rename(object, toOld, 'v1')
const fromStored = (object: KubeObject) => rename(object, toNew, 'events.k8s.io/v1')

const selectable = Object.entries(eventKind.selectableFields ?? {}).map(([name, read]) => [
  name.replace('involvedObject.', 'regarding.').replace('reportingComponent', 'reportingController'),
  read,
])

export const eventV1Kind: Kind = {
  ...eventKind,
  group: 'events.k8s.io',
  goType: 'events/v1.Event',
  stored: { group: '', resource: 'events', toStored, fromStored },
  columns: columnsThrough(eventKind.columns, toStored),
  selectableFields: Object.fromEntries(selectable),
}
