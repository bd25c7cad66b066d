/** Consul with ACLs and TLS, one server, sidecars by annotation: what the preset `secure` of consul-k8s sets. */
import { command, runs, type Step, waitFor } from '../../steps.ts'
import { deployed, halfReleased, helmStep, settingsOf } from './helm.ts'
import { chartFrom, type InstallSpec } from './install.ts'

const consulRepo = 'https://helm.releases.hashicorp.com'

const secure = {
  'global.name': 'consul',
  'global.gossipEncryption.autoGenerate': 'true',
  'global.tls.enabled': 'true',
  'global.tls.enableAutoEncrypt': 'true',
  'global.acls.manageSystemACLs': 'true',
  'server.replicas': '1',
  'connectInject.enabled': 'true',
}

export const consulSteps = (spec: InstallSpec): Step[] => {
  const { version, by } = spec
  const settings = { ...secure, ...spec.settings }
  const install: Step =
    by === 'tool'
      ? {
          id: 'consul',
          says: `Install Consul (chart ${version}) with consul-k8s`,
          actions: [
            runs(
              `Install Consul`,
              'consul-k8s',
              'install',
              '-auto-approve',
              '-namespace=consul',
              ...settingsOf(settings, '-set'),
            ),
          ],
          done: [deployed('consul', 'consul')],
          half: {
            test: halfReleased('consul', 'consul'),
            clean: command(
              'Take out the unfinished Consul',
              'consul-k8s',
              'uninstall',
              '-auto-approve',
              '-wipe-data',
              '-namespace=consul',
            ),
          },
          typically: 120,
        }
      : helmStep(
          { release: 'consul', namespace: 'consul', ...chartFrom(spec, 'consul', consulRepo, version), settings },
          `Install Consul (chart ${version}) with Helm`,
        )
  return [
    install,
    waitFor('consul-ready', 'Wait until Consul is ready', 'consul', [
      'statefulset/consul-server',
      'deployment/consul-connect-injector',
    ]),
  ]
}
