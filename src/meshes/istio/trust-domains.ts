/**
 * Trust domain migration: what a policy says of one trust domain of the mesh holds for all of them. Upstream:
 * pilot/pkg/security/trustdomain/bundle.go. `trustDomains` are the mesh's own and then its aliases.
 */

const hasEnding = (trustDomain: string, pattern: string): boolean =>
  pattern.startsWith('*') && trustDomain.endsWith(pattern.slice(1))

const matches = (pattern: string, trustDomain: string): boolean =>
  pattern === trustDomain ||
  hasEnding(trustDomain, pattern) ||
  (pattern.endsWith('*') && trustDomain.startsWith(pattern.slice(0, -1)))

/**
 * The principals that one value of `principals` stands for. Only `<trust domain>/ns/<namespace>/sa/<account>` has a
 * trust domain to speak of; `cluster.local` there means the mesh's own, whatever its name.
 */
export const aliasPrincipals = (value: string, trustDomains: readonly string[]): string[] => {
  const parts = value.split('/')
  const [domain = '', ...rest] = parts
  if (parts.length !== 5 || domain === '*') return [value]
  const known = domain === 'cluster.local' || trustDomains.some((each) => matches(domain, each))
  if (!known) return [value]
  const all = trustDomains.map((each) => (hasEnding(each, domain) ? value : [each, ...rest].join('/')))
  return [...new Set(all)]
}

/** The trust domains that one value of `trustDomains` stands for. */
export const aliasTrustDomains = (value: string, trustDomains: readonly string[]): string[] =>
  trustDomains.includes(value) ? [...trustDomains] : [value]
