/** Endpoints and EndpointSlices: which addresses stand behind a Service. */

import { isIP } from 'node:net'
import { ageColumn, nameColumn, shortened, text } from './columns.ts'
import type { Kind } from './kind.ts'
import type { EndpointSliceObject, EndpointsObject } from './types.ts'
import { invalid, required } from './validation/errors.ts'

const bracketed = (ip: string): string => (ip.includes(':') ? `[${ip}]` : ip)

/** Ready addresses only, with each port; the first three. */
const formatEndpoints = ({ subsets = [] }: EndpointsObject): string => {
  if (subsets.length === 0) return '<none>'
  const found = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => `${bracketed(ip)}:${port}`)),
  )
  return shortened(found, 3)
}

export const endpointsKind: Kind = {
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  resource: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
  namespaced: true,
  goType: 'core/v1.Endpoints',
  deprecation: 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  createOnUpdate: true,
  setDefaults: (object) => {
    for (const { ports = [] } of (object as EndpointsObject).subsets ?? []) {
      for (const port of ports) port.protocol ??= 'TCP'
    }
  },
  validate: (object) =>
    ((object as EndpointsObject).subsets ?? []).flatMap(({ addresses = [], notReadyAddresses = [] }, index) =>
      addresses.length + notReadyAddresses.length === 0
        ? [required(`subsets[${index}]`, 'must specify `addresses` or `notReadyAddresses`')]
        : addresses.flatMap(({ ip }, position) =>
            isIP(ip)
              ? []
              : [
                  invalid(
                    `subsets[${index}].addresses[${position}].ip`,
                    ip,
                    'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
                  ),
                ],
          ),
    ),
  columns: [nameColumn, text('Endpoints', formatEndpoints), ageColumn],
}

export const endpointSliceKind: Kind = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  resource: 'endpointslices',
  singular: 'endpointslice',
  namespaced: true,
  goType: 'discovery/v1.EndpointSlice',
  generation: true,
  setDefaults: (object) => {
    for (const port of (object as EndpointSliceObject).ports ?? []) {
      port.name ??= ''
      port.protocol ??= 'TCP'
    }
  },
  validate: (object, old) => {
    const { addressType } = object as EndpointSliceObject
    if (!addressType) return [required('addressType')]
    const before = old as EndpointSliceObject | undefined
    return before && before.addressType !== addressType
      ? [invalid('addressType', addressType, 'field is immutable')]
      : []
  },
  columns: [
    nameColumn,
    text<EndpointSliceObject>('AddressType', ({ addressType }) => addressType ?? ''),
    text<EndpointSliceObject>('Ports', ({ ports = [] }) =>
      ports.length === 0
        ? '<unset>'
        : shortened(
            ports.map(({ port }) => (port ? String(port) : '*')),
            3,
          ),
    ),
    text<EndpointSliceObject>('Endpoints', ({ endpoints = [] }) => {
      const addresses = endpoints.flatMap((endpoint) => endpoint.addresses ?? [])
      return addresses.length === 0 ? '<unset>' : shortened(addresses, 3)
    }),
    ageColumn,
  ],
}
