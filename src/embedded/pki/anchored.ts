/**
 * Certificates of a mesh whose issuer lies in a Secret: made at the installation, exchanged by whoever rotates it, taken
 * over as long as the anchors vouch for it. A proxy keeps what it has until seven tenths of its life are over. Upstream:
 * linkerd/linkerd2 pkg/identity/service.go (Run, Initialize and the events), linkerd2-proxy
 * linkerd/proxy/identity-client/src/certify.rs (refresh at 70 %).
 * Not modelled: traffic goes on whatever the certificates say; anchors that a proxy got when its pod was made.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { AnchoredTrust, MeshTrust } from '../../meshes/mesh.ts'
import { anchoredIssuer, leafLifetime, selfSignedAnchor } from '../../pki/anchored-authority.ts'
import type { WorkloadCertificate } from '../../pki/mesh-authority.ts'
import type { Clock } from '../clock.ts'
import { eventRecorder } from '../controllers/events.ts'
import type { Registry } from '../registry.ts'
import { startWorkloadCertificates, type WorkloadCertificates } from './workloads.ts'

const secrets = { group: '', resource: 'secrets' }
const configMaps = { group: '', resource: 'configmaps' }
const deployments = { group: 'apps', resource: 'deployments' }

type Parts<Trust> = { registry: Registry; clock: Clock; trust: Trust }

const startAnchored = ({ registry, clock, trust }: Parts<AnchoredTrust>): WorkloadCertificates => {
  const { namespace, issuer, anchors, labels } = trust
  const events = eventRecorder({ registry, clock, component: trust.controller })
  const held = new Map<string, WorkloadCertificate & { issued: number }>()
  /** Each issuer that was taken over, with the moment from which it signed. */
  const issuers: { from: number; issue: ReturnType<typeof anchoredIssuer> }[] = []

  const install = (): void => {
    if (registry.get(secrets, issuer.secret, namespace)) return
    const made = selfSignedAnchor(trust.commonName, clock.now())
    const [certificate, key] = [made.certificate, made.key].map((pem) => Buffer.from(pem.trim()).toString('base64'))
    registry.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: issuer.secret, namespace, labels },
      type: 'Opaque',
      data: { [issuer.keys[0]]: certificate, [issuer.keys[1]]: key },
    })
    if (registry.get(configMaps, anchors.configMap, namespace)) return
    registry.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: anchors.configMap, namespace, labels },
      data: { [anchors.key]: made.certificate.trim() },
    })
  }

  const bundle = (): string => {
    const found = registry.get(configMaps, anchors.configMap, namespace)
    return (found?.data as Record<string, string> | undefined)?.[anchors.key] ?? ''
  }

  const load = (secret: KubeObject): void => {
    const data = (secret.data ?? {}) as Record<string, string | undefined>
    const [certificate, key] = issuer.keys.map((name) => Buffer.from(data[name] ?? '', 'base64').toString('utf8'))
    const material = { certificate: certificate ?? '', key: key ?? '', anchors: bundle() }
    issuers.push({ from: clock.now(), issue: anchoredIssuer(material, trust.commonName, clock.now()) })
  }

  const tell = (type: 'Normal' | 'Warning', reason: string, message: string): void => {
    const controller = registry.get(deployments, trust.controller, namespace)
    if (controller) events.record(controller, { type, reason, message })
  }

  install()
  const first = registry.get(secrets, issuer.secret, namespace)
  try {
    if (first) load(first)
  } catch {
    // The identity controller would not start; nobody gets a certificate until the Secret is mended.
  }
  const stop = registry.watch(
    secrets,
    ({ type, object }) => {
      if (object.metadata.name !== issuer.secret || type === 'DELETED') return
      try {
        load(object)
        tell('Normal', 'IssuerUpdated', 'Updated identity issuer')
      } catch (error) {
        const says = `Skipping issuer update as certs could not be read from disk: ${(error as Error).message}`
        tell('Warning', 'IssuerUpdateSkipped', says)
      }
    },
    { namespace },
  )

  return {
    workloadCertificate(identity, holder) {
      const now = clock.now()
      const key = `${identity} ${holder?.uid}`
      const last = held.get(key)
      if (last && now < last.issued + leafLifetime * 0.7) return last
      // Made when first asked for, as it was signed when the proxy started.
      const signer = last
        ? issuers.at(-1)
        : (issuers.findLast(({ from }) => from <= (holder?.since ?? now)) ?? issuers[0])
      if (!signer) throw new Error(`${trust.controller} has no issuer that the anchors vouch for`)
      const next = { ...signer.issue(identity, now), issued: now }
      held.set(key, next)
      return next
    },
    root: bundle,
    stop,
  }
}

/** Starts what gives the mesh's proxies their certificates. */
export const startTrust = ({ registry, clock, trust }: Parts<MeshTrust>): WorkloadCertificates =>
  trust.kind === 'anchored'
    ? startAnchored({ registry, clock, trust })
    : startWorkloadCertificates({ registry, clock, trust })
