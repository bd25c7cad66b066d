/**
 * Who holds which workload certificate: the mesh's CA in its Secret, its root in a ConfigMap of every namespace, and one
 * certificate for each identity, renewed when half of its life is over. Upstream: istio/istio
 * security/pkg/nodeagent/cache/secretcache.go (rotateTime, grace ratio 0.5), pilot/pkg/bootstrap/istio_ca.go (the
 * Secrets `cacerts`, `istio-ca-secret`), security/pkg/k8s/controller (the root's ConfigMap).
 * Not modelled: the jitter of renewals; a changed `cacerts` counts at once, without restarting istiod.
 */

import type { KubeObject } from '../../kube/api.ts'
import { StatusError } from '../../kube/errors.ts'
import type { PublishedTrust } from '../../meshes/mesh.ts'
import {
  type AuthorityMaterial,
  issuerOf,
  selfSigned,
  type WorkloadCertificate,
  workloadLifetime,
} from '../../pki/mesh-authority.ts'
import type { Clock } from '../clock.ts'
import type { Registry } from '../registry.ts'

export interface WorkloadCertificates {
  /**
   * The identity's certificate as it is now; a new one when enough of the last one's life is over.
   * @param holder a proxy and when it started (milliseconds), where each proxy keeps what it was given until then
   */
  workloadCertificate(
    identity: string,
    holder?: { uid: string; since: number },
  ): WorkloadCertificate & { issued: number }
  /** The root that proxies trust. PEM. */
  root(): string
  stop(): void
}

const secrets = { group: '', resource: 'secrets' }
const configMaps = { group: '', resource: 'configmaps' }
const namespaces = { group: '', resource: 'namespaces' }

const decode = (secret: KubeObject, key: string): string =>
  Buffer.from((secret.data as Record<string, string> | undefined)?.[key] ?? '', 'base64').toString('utf8')

const materialOf = (secret: KubeObject): AuthorityMaterial => {
  const certificate = decode(secret, 'ca-cert.pem')
  const root = decode(secret, 'root-cert.pem') || certificate
  return { certificate, key: decode(secret, 'ca-key.pem'), chain: decode(secret, 'cert-chain.pem'), root }
}

const encode = (text: string): string => Buffer.from(text).toString('base64')

/** Starts: the CA's Secret is made, and every namespace, now and later, gets the root. */
export const startWorkloadCertificates = (parts: {
  registry: Registry
  clock: Clock
  trust: PublishedTrust
}): WorkloadCertificates => {
  const { registry, clock, trust } = parts
  const issued = new Map<string, WorkloadCertificate & { issued: number }>()
  let known: { version: string; material: AuthorityMaterial; issue: ReturnType<typeof issuerOf> } | undefined

  const ownSecret = (): KubeObject => {
    const found = registry.get(secrets, trust.ownSecret, trust.namespace)
    if (found) return found
    const made = selfSigned(trust.trustDomain, clock.now())
    return registry.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: trust.ownSecret, namespace: trust.namespace },
      type: 'istio.io/ca-root',
      data: {
        'ca-cert.pem': encode(made.certificate),
        'ca-key.pem': encode(made.key),
        'cert-chain.pem': '',
        'key.pem': '',
        'root-cert.pem': encode(made.root),
      },
    })
  }

  /** The learner's CA where there is a usable one, else the mesh's own. */
  const authority = () => {
    const supplied = registry.get(secrets, trust.suppliedSecret, trust.namespace)
    for (const secret of [...(supplied ? [supplied] : []), ownSecret()]) {
      const version = `${secret.metadata.uid} ${secret.metadata.resourceVersion}`
      if (known?.version === version) return known
      try {
        const material = materialOf(secret)
        known = { version, material, issue: issuerOf(material) }
        issued.clear()
        return known
      } catch (error) {
        // istiod would not start with it; the mesh goes on with what it has.
        if (secret !== supplied) throw error
      }
    }
    throw new Error('the mesh has no CA')
  }

  const publish = (namespace: string): void => {
    if (trust.ignored.includes(namespace)) return
    const { root } = authority().material
    const data = { [trust.rootKey]: root }
    const found = registry.get(configMaps, trust.rootConfigMap, namespace)
    try {
      if (!found)
        registry.create({
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: trust.rootConfigMap, namespace, labels: trust.rootLabels },
          data,
        })
      else if ((found.data as Record<string, string> | undefined)?.[trust.rootKey] !== root)
        registry.mutate(configMaps, trust.rootConfigMap, namespace, (draft) => {
          draft.data = data
        })
    } catch (error) {
      // The namespace is on its way out.
      if (!(error instanceof StatusError)) throw error
    }
  }
  const publishAll = (): void => {
    for (const { metadata } of registry.list(namespaces)) if (!metadata.deletionTimestamp) publish(metadata.name)
  }

  const stops = [
    registry.watch(
      namespaces,
      ({ type, object }) => {
        if (type !== 'DELETED' && !object.metadata.deletionTimestamp) publish(object.metadata.name)
      },
      { replay: true },
    ),
    registry.watch(configMaps, ({ type, object: { metadata } }) => {
      if (metadata.name !== trust.rootConfigMap || type === 'ADDED') return
      const home = registry.get(namespaces, metadata.namespace ?? '')
      if (home && !home.metadata.deletionTimestamp) publish(home.metadata.name)
    }),
    registry.watch(
      secrets,
      ({ object: { metadata } }) => {
        if (metadata.name === trust.suppliedSecret) publishAll()
      },
      { namespace: trust.namespace },
    ),
  ]

  return {
    workloadCertificate(identity) {
      const { issue } = authority()
      const now = clock.now()
      const held = issued.get(identity)
      if (held && now < held.issued + workloadLifetime / 2) return held
      const next = { ...issue(identity, now), issued: now }
      issued.set(identity, next)
      return next
    },
    root: () => authority().material.root,
    stop: () => {
      for (const stop of stops) stop()
    },
  }
}
