/** Runs one kind's record on an object: what the registry does with it, without a registry. */
import { builtinKinds } from '../../../src/embedded/kinds/index.ts'
import type { Kind } from '../../../src/embedded/kinds/kind.ts'
import type { KubeObject } from '../../../src/kube/api.ts'

/** Other forms of a kind have no defaults and rules of their own. */
const byName = new Map(
  builtinKinds()
    .filter(({ stored }) => !stored)
    .map((kind) => [kind.kind, kind]),
)

export const kindOf = (name: string): Kind => {
  const kind = byName.get(name)
  if (!kind) throw new Error(`no kind ${name}`)
  return kind
}

export const objectOf = (kind: string, fields: object, name = 'x'): KubeObject => {
  const { group, version, namespaced } = kindOf(kind)
  const { metadata = {}, ...rest } = structuredClone(fields) as { metadata?: object }
  return {
    apiVersion: group ? `${group}/${version}` : version,
    kind,
    metadata: { name, ...(namespaced ? { namespace: 'shop' } : {}), ...metadata },
    ...rest,
  }
}

export const defaulted = (kind: string, fields: object, name?: string): KubeObject => {
  const object = objectOf(kind, fields, name)
  kindOf(kind).setDefaults?.(object)
  return object
}

/** `field: message` for each problem; `old` is defaulted first, as a stored object is. */
export const problems = (kind: string, fields: object, old?: object): string[] =>
  (kindOf(kind).validate?.(defaulted(kind, fields), old && defaulted(kind, old)) ?? []).map(
    ({ field, message }) => `${field}: ${message}`,
  )

/** The cells that `kubectl get` shows; with `wide`, all of them. */
export const row = (kind: string, fields: object, { wide = false, now = 0, name = 'x' } = {}): unknown[] =>
  kindOf(kind)
    .columns.filter(({ priority = 0 }) => wide || priority === 0)
    .map(({ cell }) => cell(defaulted(kind, fields, name), now))

export const template = (spec: object = {}, labels: Record<string, string> = { app: 'web' }) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'c', image: 'nginx:1.27' }], ...spec },
})

export const selector = { matchLabels: { app: 'web' } }
