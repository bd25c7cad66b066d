/** Events, core/v1. Not modelled: the same objects as events.k8s.io/v1; that group is not served. */
import { integer, nameColumn, text, wide } from './columns.ts'
import { since } from './duration.ts'
import type { Kind } from './kind.ts'
import type { EventObject } from './types.ts'

const firstSeen = (event: EventObject, now: number): string => since(event.firstTimestamp ?? event.eventTime, now)

const lastSeen = (event: EventObject, now: number): string => {
  if (event.series) return since(event.series.lastObservedTime, now)
  return event.lastTimestamp ? since(event.lastTimestamp, now) : firstSeen(event, now)
}

const about = ({ involvedObject = {} }: EventObject): string => {
  const kind = (involvedObject.kind ?? '').toLowerCase()
  return involvedObject.name ? `${kind}/${involvedObject.name}` : kind
}

const source = ({ source: from = {}, reportingComponent, reportingInstance }: EventObject): string => {
  const component = from.component || reportingComponent || ''
  const host = from.host || reportingInstance || ''
  return host === '' ? component : `${component}, ${host}`
}

const involved = (field: keyof NonNullable<EventObject['involvedObject']>) => (object: unknown) =>
  (object as EventObject).involvedObject?.[field] ?? ''

export const eventKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Event',
  resource: 'events',
  singular: 'event',
  shortNames: ['ev'],
  namespaced: true,
  goType: 'core/v1.Event',
  createOnUpdate: true,
  columns: [
    text('Last Seen', lastSeen),
    text<EventObject>('Type', ({ type }) => type ?? ''),
    text<EventObject>('Reason', ({ reason }) => reason ?? ''),
    text('Object', about),
    wide(text<EventObject>('Subobject', ({ involvedObject }) => involvedObject?.fieldPath ?? '')),
    wide(text('Source', source)),
    text<EventObject>('Message', ({ message }) => (message ?? '').trim()),
    wide(text('First Seen', firstSeen)),
    wide(integer<EventObject>('Count', ({ series, count }) => series?.count ?? (count || 1))),
    wide(nameColumn),
  ],
  selectableFields: {
    'involvedObject.kind': involved('kind'),
    'involvedObject.namespace': involved('namespace'),
    'involvedObject.name': involved('name'),
    'involvedObject.uid': involved('uid'),
    'involvedObject.apiVersion': involved('apiVersion'),
    'involvedObject.resourceVersion': involved('resourceVersion'),
    'involvedObject.fieldPath': involved('fieldPath'),
    reason: (object) => (object as EventObject).reason ?? '',
    reportingComponent: (object) => (object as EventObject).reportingComponent ?? '',
    source: (object) => {
      const event = object as EventObject
      return event.source?.component || event.reportingComponent || ''
    },
    type: (object) => (object as EventObject).type ?? '',
  },
}
