/** Endpoints and EndpointSlices: which addresses stand behind a Service. */
import { ageColumn, nameColumn, shortened, text } from './columns.ts'
import type { Kind } from './kind.ts'
import type { EndpointSliceObject, EndpointsObject } from './types.ts'
import { complaints, invalid, required } from './validation/errors.ts'
import { ipAddress, reachableAddress } from './validation/names.ts'
import { portErrors } from './validation/ports.ts'

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
    ((object as EndpointsObject).subsets ?? []).flatMap(
      ({ addresses = [], notReadyAddresses = [], ports = [] }, index) => [
        ...(addresses.length + notReadyAddresses.length === 0
          ? [required(`subsets[${index}]`, 'must specify `addresses` or `notReadyAddresses`')]
          : []),
        ...addresses.flatMap(({ ip = '' }, at) => [
          ...complaints(`subsets[${index}].addresses[${at}].ip`, ip, ipAddress),
          ...complaints(`subsets[${index}].addresses[${at}].ip`, ip, reachableAddress),
        ]),
        ...ports.flatMap(({ port }, at) => portErrors(port, `subsets[${index}].ports[${at}].port`)),
      ],
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
    for (const endpoint of (object as EndpointSliceObject).endpoints ?? []) endpoint.conditions ??= {}
    for (const port of (object as EndpointSliceObject).ports ?? []) {
      port.name ??= ''
      port.protocol ??= 'TCP'
    }
  },
  validate: (object, old) => {
    const slice = object as EndpointSliceObject
    const { addressType } = slice
    if (!addressType) return [required('addressType')]
    const before = old as EndpointSliceObject | undefined
    return [
      ...(before && before.addressType !== addressType
        ? [invalid('addressType', addressType, 'field is immutable')]
        : []),
      ...(slice.endpoints ?? []).flatMap(({ addresses = [] }, index) =>
        addresses.length === 0
          ? [required(`endpoints[${index}].addresses`, 'must contain at least 1 address')]
          : addresses.flatMap((address, at) =>
              addressType === 'FQDN' ? [] : complaints(`endpoints[${index}].addresses[${at}]`, address, ipAddress),
            ),
      ),
    ]
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
