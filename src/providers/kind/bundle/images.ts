/** Which images a chart, a lab or a text names. */
import { parseAllDocuments } from 'yaml'

/** `docker.io/istio/pilot:1.30.3` */
const isImage = (text: string): boolean =>
  /^[\w.-]+(:\d+)?(\/[\w.-]+)*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/.test(text) && /[/:]/.test(text)

/** Manifests that are shown in a lesson: `image: x`, wherever in the text. */
export const imagesInText = (text: string): string[] => [
  ...new Set(
    [...text.matchAll(/^[\s-]*image:\s*["']?([^\s"'#{]+)["']?\s*$/gm)].map((match) => match[1]!).filter(isImage),
  ),
]

/** Consul's injector is told by an argument which proxy to put in. */
const inArguments = (text: string): string[] =>
  [...text.matchAll(/-consul-dataplane-image=["']?([^\s"'\\]+)/g)].map((match) => match[1]!).filter(isImage)

/**
 * Images of a rendered chart, each once, in order: those of its objects, not those of the templates within them, which
 * are for features that labs do not use. Istio's proxy is in no pod of the chart: the injector builds its name
 * from the same hub and tag as istiod's (istio/istio manifests/charts/istio-control/istio-discovery, files/injection-template.yaml).
 */
export const imagesIn = (rendered: string): string[] => {
  const objects = parseAllDocuments(rendered).map((document): unknown => document.toJS())
  const named = [...imagesOfObjects(objects), ...inArguments(rendered)]
  const proxies = named.flatMap((image) =>
    /\/pilot[:@]/.test(image) ? [image.replace(/\/pilot([:@])/, '/proxyv2$1')] : [],
  )
  return [...new Set([...named, ...proxies])]
}

/** Images of objects, wherever in them a field is called so. */
export const imagesOfObjects = (value: unknown): string[] => {
  if (Array.isArray(value)) return [...new Set(value.flatMap(imagesOfObjects))]
  if (typeof value !== 'object' || value === null) return []
  const found = Object.entries(value).flatMap(([key, each]) =>
    key === 'image' && typeof each === 'string' ? (isImage(each) ? [each] : []) : imagesOfObjects(each),
  )
  return [...new Set(found)]
}

/** `curlimages/curl:8.15.0` → `docker.io/curlimages/curl:8.15.0`, as containerd keeps it. */
export const fullName = (image: string): string => {
  const [first, ...rest] = image.split('/')
  if (rest.length === 0) return `docker.io/library/${image}`
  return /[.:]/.test(first!) || first === 'localhost' ? image : `docker.io/${image}`
}

/** Without its digest: what an archive keeps. */
export const tagged = (image: string): string => image.replace(/@sha256:.*$/, '')
