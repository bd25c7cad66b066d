/** Host names of mesh configuration: short names, wildcards, ports. */

/** `orders` written in namespace `production` is `orders.production.svc.cluster.local`; dotted names stay as they are. */
export const fullName = (host: string, namespace: string, domain = 'cluster.local'): string =>
  host.includes('.') || host.includes('*') || host === '' ? host : `${host}.${namespace}.svc.${domain}`

/** Whether a configured host, `*` or `*.suffix` or exact, covers the name. */
export const hostCovers = (pattern: string, name: string): boolean => {
  const [wanted, host] = [pattern.toLowerCase(), name.toLowerCase()]
  if (wanted === '*') return true
  return wanted.startsWith('*') ? host.endsWith(wanted.slice(1)) && host.length >= wanted.length : wanted === host
}

/** An authority without its port: `orders:80` and `[::1]:80` become `orders` and `[::1]`. */
export const withoutPort = (authority: string): string => authority.replace(/:\d+$/, '')

/** The names under which callers in `namespace` know a Service, as virtual host domains list them. */
export const serviceNames = (service: string, home: string, namespace: string, domain = 'cluster.local'): string[] => [
  `${service}.${home}.svc.${domain}`,
  `${service}.${home}.svc`,
  `${service}.${home}`,
  ...(home === namespace ? [service] : []),
]
