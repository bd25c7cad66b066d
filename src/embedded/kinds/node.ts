/** Nodes. Not modelled: nodes/proxy. */
import { ageColumn, nameColumn, text, wide } from './columns.ts'
import type { Kind } from './kind.ts'
import type { NodeObject } from './types.ts'

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
