/** What one value of a manifest may wrongly be: for the fields of the meshes' policies by their meaning, else by type. */
import type { KubeObject } from '../../kube/api.ts'

/** What else there is in the lab, for mutants that name the wrong thing. */
export interface Neighbours {
  namespaces: string[]
  /** `namespace/name` */
  serviceAccounts: string[]
  /** Values that a label has among the workloads of a namespace: `production app` gives `frontend`, `orders`, … */
  labels: ReadonlyMap<string, string[]>
  /** The namespace of the object at hand. */
  home?: string
}

type Path = readonly (string | number)[]
type Wrong = (value: string, siblings: readonly string[], neighbours: Neighbours, namespace: string) => unknown[]

const isTree = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads the lab's objects. */
export const neighboursOf = (objects: readonly KubeObject[]): Neighbours => {
  const labels = new Map<string, string[]>()
  for (const { kind, metadata, spec } of objects) {
    const template =
      isTree(spec) && isTree(spec.template) ? (spec.template as { metadata?: KubeObject['metadata'] }) : undefined
    const marks = kind === 'Pod' ? metadata.labels : template?.metadata?.labels
    for (const [key, value] of Object.entries(marks ?? {})) {
      const place = `${metadata.namespace ?? 'default'} ${key}`
      labels.set(place, [...new Set([...(labels.get(place) ?? []), value])])
    }
  }
  return {
    namespaces: objects.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name),
    serviceAccounts: objects
      .filter(({ kind }) => kind === 'ServiceAccount')
      .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
    labels,
  }
}

const other = (all: readonly string[], not: readonly string[]): string[] =>
  all.filter((each) => !not.includes(each)).slice(0, 1)

const oneOf =
  (...all: string[]): Wrong =>
  (value) =>
    all.filter((each) => each !== value)

const namespaces: Wrong = (value, siblings, { namespaces: all }) => [
  ...other(all, siblings),
  ...(value === '*' ? [] : ['*']),
]

/** Another account of the namespace, the same name elsewhere. */
const accounts = (account: string, siblings: readonly string[], all: readonly string[]): string[] => {
  const [namespace] = account.split('/')
  const free = all.filter((each) => !siblings.includes(each))
  return [
    ...free.filter((each) => each.startsWith(`${namespace}/`)).slice(0, 1),
    ...free.filter((each) => !each.startsWith(`${namespace}/`)).slice(0, 1),
  ]
}

const principals: Wrong = (value, siblings, { serviceAccounts }) => {
  const parts = /^([^/]+)\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(value)
  if (parts === null) return value === '*' ? [`${value}x`] : ['*', `spiffe://${value}`]
  const [, domain, namespace, name] = parts
  const taken = siblings.map((each) => each.replace(/^[^/]+\/ns\/([^/]+)\/sa\//, '$1/'))
  const wrong = accounts(`${namespace}/${name}`, taken, serviceAccounts)
  return [
    ...wrong.map((each) => `${domain}/ns/${each.replace('/', '/sa/')}`),
    `${domain}/ns/${namespace}/*`,
    `spiffe://${value}`,
    '*',
  ]
}

const paths: Wrong = (value) => {
  if (value === '*') return ['/wrong']
  const stem = value.replace(/\/?\*$/, '')
  const wrong = value.endsWith('/*') ? [`${stem}*`, stem, `${stem}/`] : [`${value}*`, `${value}/`]
  return [...wrong, '/wrong', '/*', '*'].filter((each) => each !== value && each !== '')
}

const byField: Readonly<Record<string, Wrong>> = {
  mode: oneOf('STRICT', 'PERMISSIVE', 'DISABLE'),
  action: oneOf('ALLOW', 'DENY'),
  methods: (_, siblings) => [...other(['DELETE', 'PUT', 'GET'], siblings), '*'],
  paths,
  namespaces,
  principals,
  serviceAccounts: (value, siblings, { serviceAccounts: all }, home) =>
    accounts(value.includes('/') ? value : `${home}/${value}`, siblings, all),
  ipBlocks: () => ['0.0.0.0/0', '192.0.2.0/24'],
  remoteIpBlocks: () => ['0.0.0.0/0', '192.0.2.0/24'],
  ports: (value) => [String(Number(value) + 1)],
  values: (value) => ['*', `${value}-wrong`],
}

const positives = ['principals', 'namespaces', 'serviceAccounts', 'ipBlocks', 'remoteIpBlocks', 'requestPrincipals']
positives.push('methods', 'paths', 'hosts', 'ports', 'values')
const toNot = (field: string): string => `not${field[0]!.toUpperCase()}${field.slice(1)}`
const opposites = new Map(
  positives.flatMap((field) => [[field, toNot(field)] as const, [toNot(field), field] as const]),
)

/** `principals` for `notPrincipals`, and the other way round. */
export const opposite = (field: string): string | undefined => opposites.get(field)

/** Keys that stand for something, like the ports of `portLevelMtls`. */
export const wrongKeys = (path: Path, key: string): string[] =>
  path.at(-1) === 'portLevelMtls' ? [String(Number(key) + 1)] : []

const withoutNot = (field: string): string => {
  const turned = opposites.get(field)
  return turned !== undefined && field.startsWith('not') ? turned : field
}

const at = (root: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, part) => (value as Record<string | number, unknown> | undefined)?.[part], root)

/** Wrong values for the scalar at `path`; at least one for every scalar. */
export const wrongValues = (path: Path, value: unknown, root: unknown, neighbours: Neighbours): unknown[] => {
  if (typeof value === 'boolean') return [!value]
  if (typeof value === 'number') return [value + 1, value * 10].filter((each) => each !== value)
  if (typeof value !== 'string') return []
  const isItem = typeof path.at(-1) === 'number'
  const list = isItem ? at(root, path.slice(0, -1)) : undefined
  const siblings = Array.isArray(list) ? list.filter((each) => typeof each !== 'object').map(String) : [value]
  const field = String(path.at(isItem ? -2 : -1))
  const home = neighbours.home ?? 'default'
  if (path.at(-2) === 'matchLabels') {
    const others = other(neighbours.labels.get(`${home} ${field}`) ?? [], [value])
    return [...others, `${value}-wrong`]
  }
  // A field may be called like something that every object inherits.
  const name = withoutNot(field)
  const wrong = Object.hasOwn(byField, name) ? byField[name] : undefined
  return wrong === undefined ? [`${value}-wrong`] : wrong(value, siblings, neighbours, home)
}
