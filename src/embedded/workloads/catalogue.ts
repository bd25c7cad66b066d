/** The images this cluster can run. A new one is a file in `images/` and a line here. */

import { parseImage, repositoryOf } from './image-reference.ts'
import { agnhost } from './images/agnhost.ts'
import { curlImage } from './images/curl.ts'
import { extAuthz } from './images/ext-authz.ts'
import { fortioImage } from './images/fortio.ts'
import { httpsEcho } from './images/http-https-echo.ts'
import { istioInit, istioProxy } from './images/istio.ts'
import { istiod } from './images/istiod.ts'
import { linkerdController, linkerdProxy } from './images/linkerd.ts'
import { nginx } from './images/nginx.ts'
import { pauseImage } from './images/pause.ts'
import { configReloader, prometheus } from './images/prometheus.ts'
import { tcpEcho } from './images/tcp-echo.ts'
import { tokenIssuer } from './images/token-issuer.ts'
import { alpine, busybox } from './images/userland.ts'
import type { Image } from './workload.ts'

export const images: readonly Image[] = [
  agnhost,
  httpsEcho,
  tcpEcho,
  curlImage,
  nginx,
  fortioImage,
  busybox,
  alpine,
  pauseImage,
  istioProxy,
  istioInit,
  istiod,
  linkerdProxy,
  linkerdController,
  prometheus,
  configReloader,
  tokenIssuer,
  extAuthz,
]

/** Mirrors under which the same images are known. */
const aliases: Readonly<Record<string, string>> = {
  'quay.io/prometheus/prometheus': 'prom/prometheus',
  'gcr.io/istio-release/proxyv2': 'istio/proxyv2',
  'gcr.io/istio-release/pilot': 'istio/pilot',
  'registry.istio.io/release/proxyv2': 'istio/proxyv2',
  'registry.istio.io/release/pilot': 'istio/pilot',
  'registry.istio.io/release/tcp-echo-server': 'istio/tcp-echo-server',
  'gcr.io/istio-release/tcp-echo-server': 'istio/tcp-echo-server',
  'gcr.io/istio-testing/ext-authz': 'istio/ext-authz',
  'registry.istio.io/testing/ext-authz': 'istio/ext-authz',
  'gcr.io/istio-testing/tcp-echo-server': 'istio/tcp-echo-server',
  'ghcr.io/mendhak/http-https-echo': 'mendhak/http-https-echo',
  'quay.io/curl/curl': 'curlimages/curl',
  'istio/fortio': 'fortio/fortio',
  'k8s.gcr.io/e2e-test-images/agnhost': 'registry.k8s.io/e2e-test-images/agnhost',
  'registry.k8s.io/e2e-test-images/busybox': 'busybox',
  'registry.k8s.io/e2e-test-images/nginx': 'nginx',
  'public.ecr.aws/docker/library/busybox': 'busybox',
  'public.ecr.aws/docker/library/nginx': 'nginx',
}

/** The image that a reference names; any tag and digest will do. Undefined: not in the catalogue. */
export const findImage = (reference: string): Image | undefined => {
  const parsed = parseImage(reference)
  if (!parsed) return undefined
  const repository = repositoryOf(parsed)
  return images.find((image) => image.repository === (aliases[repository] ?? repository))
}

/** What the ImagePullBackOff event says there is instead. */
export const catalogueSays = (): string =>
  `this simulated cluster has only ${images.map((image) => image.repository).join(', ')}`
