/**
 * Writes core/v1 Events, the way client-go's recorder does: the same event again raises `count` and `lastTimestamp`.
 *
 * Not modelled: folding many similar events into one "(combined from similar events)", and rate limits per source.
 */
import type { KubeObject } from '../../kube/api.ts'
import { StatusError } from '../../kube/errors.ts'
import { type Clock, timestamp } from '../clock.ts'
import type { EventObject } from '../kinds/types.ts'
import type { Registry } from '../registry.ts'

export interface EventDetails {
  type: 'Normal' | 'Warning'
  /** CamelCase, one word: `ScalingReplicaSet`. */
  reason: string
  message: string
  /** The part of the object it is about: `spec.containers{web}`. */
  fieldPath?: string
  /** Set by components that use the newer events API (the scheduler): `Binding`. Then there is no count and no first or last time. */
  action?: string
}

export interface EventRecorder {
  /** Never throws for a refused event (its namespace may be going away): a lost event is no error of the one who reports. */
  record(about: KubeObject, details: EventDetails): void
}

const events = { group: '', resource: 'events' }

/** What `involvedObject` says of an object. */
const reference = (about: KubeObject, fieldPath?: string): NonNullable<EventObject['involvedObject']> => ({
  kind: about.kind,
  ...(about.metadata.namespace === undefined ? {} : { namespace: about.metadata.namespace }),
  name: about.metadata.name,
  uid: about.metadata.uid,
  apiVersion: about.apiVersion,
  resourceVersion: about.metadata.resourceVersion,
  ...(fieldPath === undefined ? {} : { fieldPath }),
})

/**
 * A recorder for one component. Events about objects without a namespace go to `default`, as in a real cluster.
 * `host` is the node's name for node components, or how to tell it from the object; absent for controllers.
 */
export const eventRecorder = (parts: {
  registry: Registry
  clock: Clock
  component: string
  host?: string | ((about: KubeObject) => string | undefined)
}): EventRecorder => {
  const { registry, clock, component, host } = parts
  /** From what makes events the same to the name of the stored one. */
  const known = new Map<string, { name: string; namespace: string }>()
  let serial = 0

  const raise = (name: string, namespace: string): boolean => {
    const raised = registry.mutate(events, name, namespace, (draft) => {
      const event = draft as EventObject
      event.count = (event.count ?? 1) + 1
      event.lastTimestamp = timestamp(clock)
    })
    return raised !== undefined
  }

  /** Named after the nanosecond, as client-go does; another component may have taken it for an object of the same name. */
  const freeName = (about: string, namespace: string): string => {
    for (;;) {
      const name = `${about}.${(BigInt(clock.now()) * 1_000_000n + BigInt(serial++)).toString(16)}`
      if (!registry.get(events, name, namespace)) return name
    }
  }

  const create = (about: KubeObject, details: EventDetails, namespace: string): string => {
    const name = freeName(about.metadata.name, namespace)
    const from = typeof host === 'function' ? host(about) : host
    const once = details.action !== undefined
    const now = timestamp(clock)
    const event: EventObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace },
      involvedObject: reference(about, details.fieldPath),
      reason: details.reason,
      message: details.message,
      source: once ? {} : { component, ...(from === undefined ? {} : { host: from }) },
      firstTimestamp: once ? null : now,
      lastTimestamp: once ? null : now,
      ...(once ? {} : { count: 1 }),
      type: details.type,
      eventTime: once ? new Date(clock.now()).toISOString().replace('Z', '000Z') : null,
      ...(details.action === undefined ? {} : { action: details.action }),
      reportingComponent: component,
      reportingInstance: once ? `${component}-0` : (from ?? ''),
    }
    registry.create(event)
    return name
  }

  return {
    record: (about, details) => {
      const namespace = about.metadata.namespace ?? 'default'
      const { type, reason, message, fieldPath = '' } = details
      const same = JSON.stringify([
        about.kind,
        about.metadata.uid ?? about.metadata.name,
        fieldPath,
        type,
        reason,
        message,
      ])
      try {
        const earlier = details.action === undefined ? known.get(same) : undefined
        if (earlier && raise(earlier.name, earlier.namespace)) return
        known.set(same, { name: create(about, details, namespace), namespace })
        // As many as client-go's cache: a long session must not grow for ever.
        if (known.size > 4096) known.delete(known.keys().next().value ?? '')
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
      }
    },
  }
}
