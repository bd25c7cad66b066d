/**
 * Certificates of a mesh whose issuer lies in a Secret: made at the installation, exchanged by whoever rotates it, taken
 * over as long as the anchors vouch for it. A proxy keeps what it has until seven tenths of its life are over. Upstream:
 * linkerd/linkerd2 pkg/identity/service.go (Run, Initialize and the events), linkerd2-proxy
 * linkerd/proxy/identity-client/src/certify.rs (refresh at 70 %).
 * Not modelled: traffic goes on whatever the certificates say; anchors that a proxy got when its pod was made.
 */
import type { KubeObject } from '../../kube/api.ts'
import type { AnchoredTrust, MeshTrust } from '../../meshes/mesh.ts'
import { anchoredIssuer, leafLifetime, selfSignedAnchor, selfSignedServer } from '../../pki/anchored-authority.ts'
import type { WorkloadCertificate } from '../../pki/mesh-authority.ts'
import type { Clock } from '../clock.ts'
import { eventRecorder } from '../controllers/events.ts'
import type { Registry } from '../registry.ts'
import { startWorkloadCertificates, type WorkloadCertificates } from './workloads.ts'

const secrets = { group: '', resource: 'secrets' }
const configMaps = { group: '', resource: 'configmaps' }
const deployments = { group: 'apps', resource: 'deployments' }

type Parts<Trust> = { registry: Registry; clock: Clock; trust: Trust }

const encoded = (pem: string): string => Buffer.from(pem.trim()).toString('base64')

/** The webhooks' own certificates, and who vouches for them: nobody else. */
const installServers = ({ registry, clock, trust }: Parts<AnchoredTrust>): void => {
  for (const { secret, host, configuration } of trust.webhooks) {
    if (registry.get(secrets, secret, trust.namespace)) continue
    const made = selfSignedServer(host, clock.now())
    registry.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: secret, namespace: trust.namespace, labels: trust.labels },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': encoded(made.certificate), 'tls.key': encoded(made.key) },
    })
    const kind = { group: 'admissionregistration.k8s.io', resource: configuration.resource }
    if (!registry.get(kind, configuration.name)) continue
    registry.mutate(kind, configuration.name, undefined, (draft) => {
      for (const webhook of (draft.webhooks ?? []) as { clientConfig: Record<string, unknown> }[])
        webhook.clientConfig = { ...webhook.clientConfig, caBundle: encoded(made.certificate) }
    })
  }
}

/** The anchors as a block of the values that an installation remembers, in place of those that are there. */
const recordAnchors = ({ registry, trust }: Parts<AnchoredTrust>, certificate: string): void => {
  const { configMap, key, field } = trust.recorded
  if (!registry.get(configMaps, configMap, trust.namespace)) return
  registry.mutate(configMaps, configMap, trust.namespace, (draft) => {
    const data = draft.data as Record<string, string>
    const place = new RegExp(`^${field}:.*\\n(?: .*\\n)*`, 'm')
    const block = `${field}: |\n${certificate.trim().replace(/^/gm, '  ')}\n`
    draft.data = { ...data, [key]: (data[key] ?? '').replace(place, block) }
  })
}

const startAnchored = (parts: Parts<AnchoredTrust>): WorkloadCertificates => {
  const { registry, clock, trust } = parts
  const { namespace, issuer, anchors, labels } = trust
  const events = eventRecorder({ registry, clock, component: trust.controller })
  const held = new Map<string, WorkloadCertificate & { issued: number }>()
  /** Each issuer that was taken over, with the moment from which it signed. */
  const issuers: { from: number; issue: ReturnType<typeof anchoredIssuer> }[] = []

  const install = (): void => {
    if (registry.get(secrets, issuer.secret, namespace)) return
    const made = selfSignedAnchor(trust.commonName, clock.now())
    const [certificate, key] = [encoded(made.certificate), encoded(made.key)]
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
    recordAnchors(parts, made.certificate)
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
  installServers(parts)
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
