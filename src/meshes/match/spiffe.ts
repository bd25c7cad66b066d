/** Workload identities as Istio certifies them, and the patterns that policies compare them with. */
import { quote, type StringTest, stringPattern } from './strings.ts'

const scheme = 'spiffe://'

/** `spiffe://cluster.local/ns/production/sa/frontend` */
export const spiffeId = (trustDomain: string, namespace: string, serviceAccount: string): string =>
  `${scheme}${trustDomain}/ns/${namespace}/sa/${serviceAccount}`

const full = (source: string): StringTest => {
  const expression = new RegExp(`^(?:${source})$`, 's')
  return (identity) => expression.test(identity)
}

/** One value of `principals`: compared with the scheme put in front; `*` is any identity, `*x` any that ends in x. */
export const principalPattern = (value: string): StringTest => {
  if (value === '*') return stringPattern('*')
  if (value.startsWith('*')) {
    const ending = value.slice(1)
    return (identity) =>
      identity.endsWith(ending) && identity.length >= scheme.length + ending.length && identity.startsWith(scheme)
  }
  return stringPattern(scheme + value)
}

/** One value of `namespaces`: `*` stands for any text, anywhere. */
export const namespacePattern = (value: string): StringTest => {
  const part = `/ns/${value}/`
  if (!value.includes('*')) return (identity) => identity.includes(part)
  return full(`.*/ns/${value.split('*').map(quote).join('.*')}/.*`)
}

/** One value of `serviceAccounts`: `namespace/name`, or a name in the policy's own namespace. No wildcards. */
export const serviceAccountPattern = (value: string, home: string): StringTest => {
  const slash = value.indexOf('/')
  const [namespace, name] = slash < 0 ? [home, value] : [value.slice(0, slash), value.slice(slash + 1)]
  const exact = full(`${scheme}.+/ns/${quote(namespace)}/(.+/|)sa/${quote(name)}(/.+)?`)
  // The expression is slow, and hardly any identity gets past this.
  const part = `/ns/${namespace}/`
  return (identity) => identity.includes(part) && exact(identity)
}

/** One value of `trustDomains`. */
export const trustDomainPattern = (value: string): StringTest => {
  if (value === '*') return (identity) => identity.startsWith(scheme)
  if (!value.includes('*')) return (identity) => identity.startsWith(`${scheme}${value}/`)
  const star = value.indexOf('*')
  return full(`${scheme}${quote(value.slice(0, star))}[^/]*${quote(value.slice(star + 1))}/.*`)
}
