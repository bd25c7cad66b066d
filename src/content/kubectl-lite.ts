/**
 * The few kubectl commands that solutions and mistakes are made of, carried out over the API by this program itself, so
 * that content is proven the same way wherever there is a cluster, with or without kubectl.
 * Not modelled: everything else. `parseKubectl` says so, and lint reports it.
 */
import type { KubeObject } from '../kube/api.ts'
import type { Client } from '../kube/client.ts'
import { splitWords } from './argv.ts'
import { didYouMean } from './nearest.ts'

const rows: readonly (readonly [apiVersion: string, kind: string, namespaced: boolean, ...names: string[]])[] = [
  ['v1', 'Namespace', false, 'namespace', 'namespaces', 'ns'],
  ['v1', 'Pod', true, 'pod', 'pods', 'po'],
  ['v1', 'Service', true, 'service', 'services', 'svc'],
  ['v1', 'ServiceAccount', true, 'serviceaccount', 'serviceaccounts', 'sa'],
  ['v1', 'ConfigMap', true, 'configmap', 'configmaps', 'cm'],
  ['apps/v1', 'Deployment', true, 'deployment', 'deployments', 'deploy', 'deployment.apps'],
  ['networking.k8s.io/v1', 'NetworkPolicy', true, 'networkpolicy', 'networkpolicies', 'netpol'],
  ['security.istio.io/v1', 'PeerAuthentication', true, 'peerauthentication', 'peerauthentications', 'pa'],
  ['security.istio.io/v1', 'AuthorizationPolicy', true, 'authorizationpolicy', 'authorizationpolicies', 'ap'],
  ['security.istio.io/v1', 'RequestAuthentication', true, 'requestauthentication', 'requestauthentications', 'ra'],
  ['networking.istio.io/v1', 'DestinationRule', true, 'destinationrule', 'destinationrules', 'dr'],
]

/** Kinds by the names that people type. */
const kinds: Readonly<Record<string, { apiVersion: string; kind: string; namespaced: boolean }>> = Object.fromEntries(
  rows.flatMap(([apiVersion, kind, namespaced, ...names]) =>
    names.map((name) => [name, { apiVersion, kind, namespaced }]),
  ),
)

interface Target {
  apiVersion: string
  kind: string
  namespace?: string
  /** Absent: all of the kind in the namespace. */
  name?: string
}

export type KubectlCommand = { target: Target; says: string } & (
  | { verb: 'label' | 'annotate'; changes: Record<string, string | null>; overwrite: boolean }
  | { verb: 'restart' }
  | { verb: 'delete' }
  | { verb: 'scale'; replicas: number }
  | { verb: 'patch'; patch: unknown; type: 'merge' | 'strategic' | 'json' }
)

interface Words {
  positional: string[]
  flags: Map<string, string>
}

/** Flags that take no value. */
const switches = new Set(['overwrite', 'all', 'wait'])
const flagNames = ['namespace', 'replicas', 'patch', 'type', ...switches]
const shortFlags: Record<string, string> = { n: 'namespace', p: 'patch' }

const readFlags = (words: string[]): Words | string => {
  const positional: string[] = []
  const flags = new Map<string, string>()
  for (let index = 0; index < words.length; index++) {
    const word = words[index]!
    if (!/^-./.test(word) || /^-\d/.test(word)) {
      positional.push(word)
      continue
    }
    const [, written = '', given] = /^--?([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    const name = word.startsWith('--') ? written : (shortFlags[written] ?? written)
    if (!flagNames.includes(name)) return `the flag ${word} is not supported here${didYouMean(name, flagNames)}`
    const value = given ?? (switches.has(name) ? 'true' : words[++index])
    if (value === undefined) return `the flag ${word} needs a value`
    flags.set(name, value)
  }
  return { positional, flags }
}

/** Reads `deployment server`, `deployment/server` or `deployment`; the rest of the words stay. */
const readTarget = ({ positional, flags }: Words): { target: Target; rest: string[] } | string => {
  const [first = '', second, ...others] = positional
  const [typed = '', slashed] = first.split('/')
  const kind = kinds[typed.toLowerCase()]
  if (kind === undefined)
    return `"${typed}" is not a kind that is supported here${didYouMean(typed, Object.keys(kinds))}`
  const rest = slashed === undefined ? others : [second, ...others].filter((word) => word !== undefined)
  const name = slashed ?? (second?.includes('=') || second?.endsWith('-') ? undefined : second)
  const left = slashed === undefined && name === undefined && second !== undefined ? [second, ...others] : rest
  const namespace = kind.namespaced ? (flags.get('namespace') ?? 'default') : undefined
  return { target: { apiVersion: kind.apiVersion, kind: kind.kind, namespace, name }, rest: left }
}

const readChanges = (words: string[]): Record<string, string | null> | string => {
  const changes: Record<string, string | null> = {}
  for (const word of words) {
    const [key, value] = word.endsWith('-') && !word.includes('=') ? [word.slice(0, -1), null] : word.split(/=(.*)/s)
    if (!key || value === undefined) return `"${word}" must be key=value or key-`
    changes[key] = value
  }
  return Object.keys(changes).length === 0 ? 'no key=value is given' : changes
}

const readPatch = (words: Words): { patch: unknown; type: 'merge' | 'strategic' | 'json' } | string => {
  const type = words.flags.get('type') ?? 'strategic'
  if (type !== 'merge' && type !== 'strategic' && type !== 'json') return `--type must be merge, strategic or json`
  try {
    return { patch: JSON.parse(words.flags.get('patch') ?? ''), type }
  } catch {
    return '-p must be JSON'
  }
}

const verbs = ['label', 'annotate', 'rollout restart', 'delete', 'scale', 'patch']

/** The command as data, or why it is none that is supported. */
export const parseKubectl = (line: string): { command: KubectlCommand } | { problem: string } => {
  const split = splitWords(line.trim())
  if ('problem' in split) return split
  const [program, ...all] = split.words
  if (program !== 'kubectl') return { problem: `only kubectl commands can be run, not "${program ?? ''}"` }
  const isRollout = all[0] === 'rollout'
  const verb = isRollout ? `rollout ${all[1] ?? ''}` : (all[0] ?? '')
  if (!verbs.includes(verb))
    return {
      problem: `kubectl ${verb} is not supported here${didYouMean(verb, verbs)}; supported are ${verbs.join(', ')}`,
    }
  const words = readFlags(all.slice(isRollout ? 2 : 1))
  if (typeof words === 'string') return { problem: words }
  const found = readTarget(words)
  if (typeof found === 'string') return { problem: found }
  const { target, rest } = found
  const base = { target, says: line.trim() }
  if (target.name === undefined && verb !== 'rollout restart' && !words.flags.has('all'))
    return { problem: `name the ${target.kind}` }
  if (verb === 'rollout restart')
    return target.kind === 'Deployment'
      ? { command: { ...base, verb: 'restart' } }
      : { problem: 'only Deployments can be restarted here' }
  if (verb === 'delete') return { command: { ...base, verb: 'delete' } }
  if (verb === 'scale') {
    const replicas = Number(words.flags.get('replicas'))
    return Number.isInteger(replicas) && replicas >= 0
      ? { command: { ...base, verb: 'scale', replicas } }
      : { problem: '--replicas must be a number' }
  }
  if (verb === 'patch') {
    const patch = readPatch(words)
    return typeof patch === 'string' ? { problem: patch } : { command: { ...base, verb: 'patch', ...patch } }
  }
  const changes = readChanges(rest)
  if (typeof changes === 'string') return { problem: changes }
  const overwrite = words.flags.get('overwrite') === 'true'
  return { command: { ...base, verb: verb === 'label' ? 'label' : 'annotate', changes, overwrite } }
}

const selected = async (client: Client, target: Target): Promise<KubeObject[]> => {
  const { apiVersion, kind, namespace, name } = target
  if (name !== undefined) return [await client.get({ apiVersion, kind, namespace, name })]
  return (await client.list({ apiVersion, kind }, { namespace })).items
}

const patchFor = (
  command: Exclude<KubectlCommand, { verb: 'delete' | 'patch' }>,
  object: KubeObject,
  now: Date,
): unknown => {
  switch (command.verb) {
    case 'restart': {
      const annotations = { 'kubectl.kubernetes.io/restartedAt': now.toISOString() }
      return { spec: { template: { metadata: { annotations } } } }
    }
    case 'scale':
      return { spec: { replicas: command.replicas } }
    default: {
      const field = command.verb === 'label' ? 'labels' : 'annotations'
      const taken = Object.entries(command.changes).find(
        ([key, value]) => value !== null && ![undefined, value].includes(object.metadata[field]?.[key]),
      )
      if (taken !== undefined && !command.overwrite)
        throw new Error(`${command.says}: ${taken[0]} already has another value, and --overwrite is not given`)
      return { metadata: { [field]: command.changes } }
    }
  }
}

/** Carries the command out. Throws `StatusError` in the server's words, 404 included. */
export const runKubectl = async (client: Client, command: KubectlCommand, now = new Date()): Promise<void> => {
  for (const object of await selected(client, command.target)) {
    const { apiVersion, kind, metadata } = object
    const ref = { apiVersion, kind, namespace: metadata.namespace, name: metadata.name }
    if (command.verb === 'delete') await client.delete(ref)
    else if (command.verb === 'patch')
      await client.patch(ref, command.type, command.patch, { fieldManager: 'kubectl-patch' })
    else await client.patch(ref, 'merge', patchFor(command, object, now), { fieldManager: `kubectl-${command.verb}` })
  }
}
