/** Field selectors: `status.phase!=Running,spec.nodeName=node-1` (k8s.io/apimachinery/pkg/fields). */
import type { KubeObject } from '../../../kube/api.ts'
import type { Kind } from '../../kinds/kind.ts'
import { badRequest } from '../errors.ts'

export type FieldMatch = (object: KubeObject) => boolean

/** Splits at commas that no backslash escapes. */
const terms = (text: string): string[] => {
  const found: string[] = []
  let term = ''
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\' && at + 1 < text.length) term += text.slice(at, ++at + 1)
    else if (text[at] === ',') {
      found.push(term)
      term = ''
    } else term += text[at]
  }
  return [...found, term].filter((part) => part !== '')
}

const withoutEscapes = (text: string): string => text.replace(/\\([\\,=])/g, '$1')

/**
 * What the selector asks of an object; `name` when it pins `metadata.name` to one value.
 * @throws StatusError 400 for a field that the kind does not select by, or for text that is no selector
 */
export function parseFieldSelector(
  kind: Kind,
  text: string | null,
): { matches: FieldMatch; name?: string } | undefined {
  if (!text) return undefined
  const requirements: FieldMatch[] = []
  let pinned: string | undefined
  for (const term of terms(text)) {
    const split = /^(.*?)(!=|==|=)(.*)$/s.exec(term)
    if (!split) throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`)
    const [, path = '', operator, escaped = ''] = split
    const value = withoutEscapes(escaped)
    const read = readerOf(kind, path)
    if (path === 'metadata.name' && operator !== '!=') pinned = value
    requirements.push((object) => (read(object) === value) === (operator !== '!='))
  }
  return {
    matches: (object) => requirements.every((matches) => matches(object)),
    ...(pinned === undefined ? {} : { name: pinned }),
  }
}

function readerOf(kind: Kind, path: string): (object: KubeObject) => string {
  if (path === 'metadata.name') return (object) => object.metadata.name
  if (path === 'metadata.namespace') return (object) => object.metadata.namespace ?? ''
  const own = kind.selectableFields?.[path]
  if (own) return own
  if (kind.selectableFields || kind.schema) throw badRequest(`field label not supported: ${path}`)
  throw badRequest(`"${path}" is not a known field selector: only "metadata.name", "metadata.namespace"`)
}
