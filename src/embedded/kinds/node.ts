/** Nodes. Not modelled: nodes/proxy. */
import { ageColumn, nameColumn, text, wide } from './columns.ts'
import type { FieldError, Kind } from './kind.ts'
import type { NodeObject } from './types.ts'
import { complaints, duplicate, invalid, oneListed } from './validation/errors.ts'
import { labelValueFormat, qualifiedName } from './validation/names.ts'

const rolePrefix = 'node-role.kubernetes.io/'

const status = (node: NodeObject): string => {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready')
  const says = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown'
  return node.spec?.unschedulable ? `${says},SchedulingDisabled` : says
}

const roles = ({ metadata }: NodeObject): string => {
  const found = Object.entries(metadata.labels ?? {}).flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)]
    return key === 'kubernetes.io/role' ? [value] : []
  })
  return [...new Set(found.filter((role) => role !== ''))].sort().join(',') || '<none>'
}

const address = (node: NodeObject, type: string): string =>
  node.status?.addresses?.find((one) => one.type === type)?.address || '<none>'

const info = (name: string, field: string) =>
  wide(text<NodeObject>(name, (node) => node.status?.nodeInfo?.[field] || '<unknown>'))

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

/** The field is named as upstream does: `metadata.taints`. */
const taintErrors = (taints: readonly { key?: string; value?: string; effect?: string }[]): FieldError[] => {
  const seen = new Set<string>()
  return taints.flatMap((taint, index) => {
    const at = `metadata.taints[${index}]`
    const { key = '', value = '', effect = '' } = taint
    const errors = [
      ...complaints(`${at}.key`, key, qualifiedName),
      ...labelValueFormat(value).map((says) => invalid(`${at}.value`, value, says)),
      ...oneListed(`${at}.effect`, effect, effects),
    ]
    const pair = `${key}:${effect}`
    if (seen.has(pair)) {
      const { field, reason, message } = duplicate(at, { Key: key, Value: value, Effect: effect, TimeAdded: null })
      errors.push({ field, reason, message: `${message}: taints must be unique by key and effect pair` })
    }
    seen.add(pair)
    return errors
  })
}

export const nodeKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Node',
  resource: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  goType: 'core/v1.Node',
  status: true,
  setDefaults: (object) => {
    const node = object as NodeObject
    node.spec ??= {}
    node.status ??= {}
    if (node.status.capacity && !node.status.allocatable) node.status.allocatable = node.status.capacity
  },
  validate: (object) => taintErrors((object as NodeObject).spec?.taints ?? []),
  columns: [
    nameColumn,
    text('Status', status),
    text('Roles', roles),
    ageColumn,
    text<NodeObject>('Version', (node) => node.status?.nodeInfo?.kubeletVersion ?? ''),
    wide(text<NodeObject>('Internal-IP', (node) => address(node, 'InternalIP'))),
    wide(text<NodeObject>('External-IP', (node) => address(node, 'ExternalIP'))),
    info('OS-Image', 'osImage'),
    info('Kernel-Version', 'kernelVersion'),
    info('Container-Runtime', 'containerRuntimeVersion'),
  ],
  selectableFields: { 'spec.unschedulable': (object) => String((object as NodeObject).spec?.unschedulable ?? false) },
}
