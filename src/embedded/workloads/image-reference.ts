/** Image references as container runtimes read them. Upstream: github.com/distribution/reference, grammar and defaults. */

export interface ImageReference {
  /** `docker.io`, `registry.k8s.io`, `localhost:5000` */
  registry: string
  /** Path inside the registry, with Docker Hub's `library/` when the user wrote a bare name. */
  path: string
  tag?: string
  /** `sha256:…` */
  digest?: string
}

const domain = /^(localhost|\[[a-fA-F0-9:]+\]|(?=[^/]*[.:])[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:\d+)?)$/
const path = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$/
const tag = /^\w[\w.-]{0,127}$/
const digest = /^[A-Za-z][A-Za-z0-9]*([-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}$/

/** Undefined: not a valid reference, which a kubelet reports as InvalidImageName. */
export const parseImage = (image: string): ImageReference | undefined => {
  const at = image.indexOf('@')
  const named = at < 0 ? image : image.slice(0, at)
  const hash = at < 0 ? undefined : image.slice(at + 1)
  const colon = named.lastIndexOf(':')
  const hasTag = colon > named.lastIndexOf('/')
  const full = hasTag ? named.slice(0, colon) : named
  const label = hasTag ? named.slice(colon + 1) : undefined
  if (hash !== undefined && !digest.test(hash)) return undefined
  if (label !== undefined && !tag.test(label)) return undefined
  const slash = full.indexOf('/')
  const first = slash < 0 ? '' : full.slice(0, slash)
  const isDomain = first !== '' && domain.test(first)
  const registry = isDomain && first !== 'index.docker.io' ? first : 'docker.io'
  const rest = isDomain ? full.slice(slash + 1) : full
  if (!path.test(rest)) return undefined
  const implied = registry === 'docker.io' && !rest.includes('/') ? `library/${rest}` : rest
  return { registry, path: implied, tag: label ?? (hash === undefined ? 'latest' : undefined), digest: hash }
}

/** The name without tag that the catalogue uses: Docker Hub's prefix and `library/` left out. */
export const repositoryOf = ({ registry, path: inside }: ImageReference): string =>
  registry === 'docker.io' ? inside.replace(/^library\//, '') : `${registry}/${inside}`

/** The full reference that a container status shows: `docker.io/library/nginx:1.27`. */
export const fullName = (reference: ImageReference): string =>
  `${reference.registry}/${reference.path}${reference.tag ? `:${reference.tag}` : ''}${reference.digest ? `@${reference.digest}` : ''}`
