/** Cilium as the CNI, with WireGuard between nodes and Hubble's relay; kube-proxy stays. */
import { command, runs, type Step, waitFor } from '../../steps.ts'
import { deployed, halfReleased, helmStep, settingsOf } from './helm.ts'
import { chartFrom, type InstallSpec } from './install.ts'

const ciliumRepo = 'https://helm.cilium.io'

/** What Cilium's guide for kind sets, and encryption between nodes. */
const ciliumSettings = {
  'image.pullPolicy': 'IfNotPresent',
  'ipam.mode': 'kubernetes',
  'encryption.enabled': 'true',
  'encryption.type': 'wireguard',
  'hubble.relay.enabled': 'true',
}

/** The chart asks for digests, which an archive of images does not keep. */
const byTag = Object.fromEntries(
  ['image', 'operator.image', 'envoy.image', 'hubble.relay.image', 'certgen.image'].map((image) => [
    `${image}.useDigest`,
    'false',
  ]),
)

export const ciliumSteps = (spec: InstallSpec): Step[] => {
  const { version, by } = spec
  const settings = { ...ciliumSettings, ...(spec.bundle && byTag), ...spec.settings }
  const install: Step =
    by === 'tool'
      ? {
          id: 'cilium',
          says: `Install Cilium ${version} with its command line`,
          actions: [
            runs(`Install Cilium ${version}`, 'cilium', 'install', '--version', version, ...settingsOf(settings)),
          ],
          done: [deployed('cilium', 'kube-system')],
          half: {
            test: halfReleased('cilium', 'kube-system'),
            clean: command('Take out the unfinished Cilium', 'cilium', 'uninstall'),
          },
          typically: 30,
        }
      : helmStep(
          {
            release: 'cilium',
            namespace: 'kube-system',
            ...chartFrom(spec, 'cilium', ciliumRepo, version),
            settings,
          },
          `Install Cilium ${version} with Helm`,
        )
  return [
    install,
    waitFor('cilium-ready', 'Wait until Cilium is ready on every node', 'kube-system', [
      'daemonset/cilium',
      'daemonset/cilium-envoy',
      'deployment/cilium-operator',
      'deployment/hubble-relay',
      // No pod of theirs could start without a CNI.
      'deployment/coredns',
    ]),
  ]
}
