/** URLs as Go's net/url parses them, as far as its refusals go. */
import { quoted } from './go-text.ts'

const badEscape = (text: string): string | undefined => {
  const found = /%(?![\da-f]{2}).{0,2}/is.exec(text)?.[0]
  return found === undefined ? undefined : `invalid URL escape ${quoted(found)}`
}

const reason = (url: string): string | undefined => {
  if (/[\u0000-\u001f\u007f]/.test(url)) return 'net/url: invalid control character in URL'
  const [head = ''] = url.split('#', 1)
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(head)
  if (head.startsWith(':')) return 'missing protocol scheme'
  const rest = scheme === null ? head : head.slice(scheme[0].length)
  const [path = ''] = rest.split('?', 1)
  if (scheme === null && !path.startsWith('/') && (path.split('/', 1)[0] ?? '').includes(':'))
    return 'first path segment in URL cannot contain colon'
  if (path.startsWith('//')) {
    const [authority = ''] = path.slice(2).split('/', 1)
    const host = authority.slice(authority.lastIndexOf('@') + 1)
    if (host.startsWith('[') && !host.includes(']')) return "missing ']' in host"
    const port = /:([^:\]]*)$/.exec(host)?.[1]
    if (port !== undefined && !/^\d*$/.test(port)) return `invalid port ${quoted(`:${port}`)} after host`
    const odd = /[\s"<>\\^`{|}]/.exec(host)?.[0]
    if (odd !== undefined) return `invalid character ${quoted(odd)} in host name`
  }
  return badEscape(path)
}

/** `parse "…": …`, or undefined for a URL. */
export const urlProblem = (url: string): string | undefined => {
  const mark = url.indexOf('#')
  const base = mark < 0 ? url : url.slice(0, mark)
  const wrong = reason(url)
  if (wrong !== undefined) return `parse ${quoted(base)}: ${wrong}`
  const inFragment = mark < 0 ? undefined : badEscape(url.slice(mark + 1))
  return inFragment === undefined ? undefined : `parse ${quoted(url)}: ${inFragment}`
}
