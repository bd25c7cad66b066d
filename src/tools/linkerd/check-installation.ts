/**
 * What `linkerd check` asks of the control plane beside its certificates of identity, in its words (linkerd2
 * pkg/healthcheck/healthcheck.go: checkControlPlaneReplicaSets, checkUnschedulablePods, checkClusterNetworks…,
 * CheckCertAndAnchors). Not asked: that a podCIDR lies in a network as a whole; its first address stands for it.
 */
import { X509Certificate } from 'node:crypto'
import type { KubeObject } from '../../kube/api.ts'
import type { Client } from '../../kube/client.ts'
import type { Pod, Service } from '../../kube/kinds.ts'
import { addressRange } from '../../meshes/match/cidr.ts'
import type { Check } from './check.ts'
import { outOfTime, soonOut } from './check-identity.ts'

const namespace = 'linkerd'

interface Conditions extends KubeObject {
  status?: { conditions?: { type?: string; status?: string; reason?: string; message?: string }[] }
}

const conditionsOf = ({ status }: Conditions) => status?.conditions ?? []

const installedNetworks = async (client: Client): Promise<string> => {
  const config = await client.find<KubeObject>({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace,
    name: 'linkerd-config',
  })
  const values = (config?.data as Record<string, string> | undefined)?.values ?? ''
  return /^clusterNetworks: *(.*)$/m.exec(values)?.[1]?.replace(/^"(.*)"$/, '$1') ?? ''
}

export const existenceChecks = (client: Client): Check[] => {
  const contains = async (): Promise<{ said: string; has: (address: string) => boolean }> => {
    const said = await installedNetworks(client)
    const ranges = said.split(',').flatMap((cidr) => addressRange(cidr.trim()) ?? [])
    return { said, has: (address) => ranges.some((within) => within(address)) }
  }
  const outside = (what: string, named: KubeObject, address: string, said: string): string =>
    `the Linkerd clusterNetworks ["${said}"] do not include ${what} ${named.metadata.namespace}/${named.metadata.name} (${address})`
  return [
    {
      says: 'control plane replica sets are ready',
      hint: 'l5d-existence-replicasets',
      fatal: true,
      async ask() {
        const { items } = await client.list<Conditions>({ apiVersion: 'apps/v1', kind: 'ReplicaSet' }, { namespace })
        const failed = items
          .flatMap(conditionsOf)
          .filter(({ type, status }) => type === 'ReplicaFailure' && status === 'True')
        return failed.length === 0
          ? undefined
          : failed.map(({ reason, message }) => `${reason}: ${message}`).join('\n   ')
      },
    },
    {
      says: 'no unschedulable pods',
      hint: 'l5d-existence-unschedulable-pods',
      warning: true,
      async ask() {
        const { items } = await client.list<Conditions>({ apiVersion: 'v1', kind: 'Pod' }, { namespace })
        for (const pod of items)
          for (const { reason, message } of conditionsOf(pod))
            if (reason === 'Unschedulable') return `${pod.metadata.name}: ${message}`
        return undefined
      },
    },
    {
      says: 'cluster networks contains all node podCIDRs',
      hint: 'l5d-cluster-networks-cidr',
      async ask() {
        const { has } = await contains()
        const { items } = await client.list<KubeObject>({ apiVersion: 'v1', kind: 'Node' }, {})
        const given = items.flatMap(({ spec }) => (spec as { podCIDR?: string } | undefined)?.podCIDR ?? [])
        const bad = given.filter((cidr) => !has(cidr.split('/')[0] ?? '')).sort()
        return bad.length === 0
          ? undefined
          : `node has podCIDR(s) [${bad.join(' ')}] which are not contained in the Linkerd clusterNetworks.\n\tTry installing linkerd via --set clusterNetworks="${bad.join('\\,')}"`
      },
    },
    {
      says: 'cluster networks contains all pods',
      hint: 'l5d-cluster-networks-pods',
      async ask() {
        const { said, has } = await contains()
        const { items } = await client.list<Pod>({ apiVersion: 'v1', kind: 'Pod' }, {})
        const bad = items.find(({ spec, status }) => spec.hostNetwork !== true && status?.podIP && !has(status.podIP))
        return bad && outside('pod', bad, bad.status?.podIP ?? '', said)
      },
    },
    {
      says: 'cluster networks contains all services',
      hint: 'l5d-cluster-networks-pods',
      async ask() {
        const { said, has } = await contains()
        const { items } = await client.list<Service>({ apiVersion: 'v1', kind: 'Service' }, {})
        const addressOf = ({ spec }: Service): string => (spec.clusterIP === 'None' ? '' : (spec.clusterIP ?? ''))
        const bad = items.find((each) => addressOf(each) !== '' && !has(addressOf(each)))
        return bad && outside('svc', bad, addressOf(bad), said)
      },
    },
  ]
}

/** Nodes on which proxy-init would have to be root. */
export const dockerNodes = async (client: Client): Promise<string | undefined> => {
  const { items } = await client.list<KubeObject>({ apiVersion: 'v1', kind: 'Node' }, {})
  const isDocker = ({ status }: KubeObject): boolean => {
    const info = (status as { nodeInfo?: { containerRuntimeVersion?: string } } | undefined)?.nodeInfo
    return info?.containerRuntimeVersion?.startsWith('docker:') === true
  }
  return items.some(isDocker)
    ? 'there are nodes using the docker container runtime and proxy-init container must run as root user.\ntry installing linkerd via --set proxyInit.runAsRoot=true'
    : undefined
}

interface WebhookConfiguration extends KubeObject {
  webhooks?: { clientConfig?: { caBundle?: string } }[]
}

const decoded = (text: string | undefined): X509Certificate | undefined => {
  try {
    return text === undefined ? undefined : new X509Certificate(Buffer.from(text, 'base64'))
  } catch {
    return undefined
  }
}

/** The certificates that webhooks answer with, held against what their configurations say. */
export const webhookChecks = (client: Client): Check[] =>
  (
    [
      ['proxy-injector', 'MutatingWebhookConfiguration'],
      ['sp-validator', 'ValidatingWebhookConfiguration'],
      ['policy-validator', 'ValidatingWebhookConfiguration'],
    ] as const
  ).flatMap(([name, kind]): Check[] => {
    const secretName = `linkerd-${name}-k8s-tls`
    const load = async (): Promise<{ certificate: X509Certificate; anchor: X509Certificate } | string> => {
      const [secret, configuration] = await Promise.all([
        client.find<KubeObject>({ apiVersion: 'v1', kind: 'Secret', namespace, name: secretName }),
        client.find<WebhookConfiguration>({
          apiVersion: 'admissionregistration.k8s.io/v1',
          kind,
          name: `linkerd-${name}-webhook-config`,
        }),
      ])
      if (!secret) return `secrets "${secretName}" not found`
      const certificate = decoded((secret.data as Record<string, string> | undefined)?.['tls.crt'])
      const anchor = decoded(configuration?.webhooks?.[0]?.clientConfig?.caBundle)
      return certificate && anchor ? { certificate, anchor } : 'failed to decode PEM certificate'
    }
    return [
      {
        says: `${name} webhook has valid cert`,
        hint: `l5d-${name}-webhook-cert-valid`,
        fatal: true,
        async ask() {
          const found = await load()
          if (typeof found === 'string') return found
          const { certificate, anchor } = found
          const late = outOfTime(certificate)
          if (late !== undefined) return `certificate is ${late}`
          const isOwn = anchor.fingerprint256 === certificate.fingerprint256 || certificate.verify(anchor.publicKey)
          const isNamed = certificate.checkHost(`linkerd-${name}.${namespace}.svc`) !== undefined
          return isOwn && isNamed
            ? undefined
            : 'cert is not issued by the trust anchor: x509: certificate signed by unknown authority'
        },
      },
      {
        says: `${name} cert is valid for at least 60 days`,
        hint: `l5d-${name}-webhook-cert-not-expiring-soon`,
        warning: true,
        async ask() {
          const found = await load()
          if (typeof found === 'string') return found
          const soon = soonOut(found.certificate)
          return soon === undefined ? undefined : `certificate ${soon}`
        },
      },
    ]
  })
