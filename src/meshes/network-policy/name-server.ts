/**
 * Whether a pod's questions reach the cluster's name server: UDP 53 of the pods labelled `k8s-app: kube-dns` in
 * kube-system. A cluster whose objects show no such pod is taken to have the usual one.
 * Not modelled: retries over TCP, node-local caches.
 */
import type { Pod } from '../../kube/kinds.ts'
import { hasLabels } from '../match/labels.ts'
import { podAddresses, type World } from '../world.ts'
import { decide, type PolicyDecision } from './decide.ts'
import type { PolicyModel } from './policy.ts'

const labels = { 'k8s-app': 'kube-dns' }

/** CoreDNS as kubeadm installs it: kubernetes/cmd/kubeadm/app/phases/addons/dns/manifests.go. */
const usual: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'coredns', namespace: 'kube-system', labels },
  spec: {
    containers: [
      {
        name: 'coredns',
        image: 'registry.k8s.io/coredns/coredns',
        ports: [
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
        ],
      },
    ],
  },
  status: { podIP: '10.244.0.254' },
}

/** The decision for the first name server that can be asked, or the refusal of the first one. */
export const askNameServer = (model: PolicyModel, world: World, from: Pod): PolicyDecision => {
  if (model.policies.size === 0) return { allowed: true, steps: [] }
  const servers = [...world.pods.values()].filter(
    ({ metadata }) => metadata.namespace === 'kube-system' && hasLabels(labels, metadata.labels),
  )
  const decisions = (servers.length > 0 ? servers : [usual]).map((pod) =>
    decide(model, {
      from: { pod: from, address: podAddresses(from)[0] ?? '' },
      to: { pod, address: podAddresses(pod)[0] ?? '' },
      port: 53,
      protocol: 'UDP',
    }),
  )
  const open = decisions.find(({ allowed }) => allowed)
  return open ?? decisions[0] ?? { allowed: true, steps: [] }
}

/** Whether that is a name, which has to be asked for, rather than an address or the pod's own. */
export const isAskedFor = (host: string, from: Pod): boolean =>
  !/^[\d.]+$|:/.test(host) && host.toLowerCase() !== 'localhost' && host !== from.metadata.name
