/**
 * Istio in sidecar mode, istiod alone: labs bring their own gateways. The flags are those of istio/istio
 * operator/cmd/mesh/install.go; the charts and their order those of manifests/charts.
 */
import { established, runs, type Step, there, waitFor } from '../../steps.ts'
import { helmStep, settingsOf } from './helm.ts'
import { chartFrom, type InstallSpec } from './install.ts'

const istioRepo = 'https://istio-release.storage.googleapis.com/charts'
const namespace = 'istio-system'
const crds = ['peerauthentications.security.istio.io', 'authorizationpolicies.security.istio.io']

/** Without it no pod gets a sidecar; charts bring webhooks last. */
const injector = 'mutatingwebhookconfiguration/istio-sidecar-injector'

/**
 * Values of the istiod chart, where istioctl has them: `meshConfig` is a field of an IstioOperator by itself, all other
 * values lie below `values` (istio/istio operator/pkg/apis/types.go, IstioOperatorSpec).
 */
const operatorSettings = (settings: InstallSpec['settings']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key.startsWith('meshConfig.') ? key : `values.${key}`, value]),
  )

const istioctlInstall = ({ version, settings }: Pick<InstallSpec, 'version' | 'settings'>): string[] => [
  '--set',
  'profile=minimal',
  '--set',
  `tag=${version}`,
  ...settingsOf(operatorSettings(settings)),
]

export const istioSteps = (spec: InstallSpec): Step[] => {
  const { version, by, settings } = spec
  const chart = (name: string) => chartFrom(spec, name, istioRepo, version)
  const install: Step[] =
    by === 'tool'
      ? [
          {
            id: 'istio',
            says: `Install Istio ${version} with istioctl`,
            actions: [
              runs(
                `Install Istio ${version}`,
                'istioctl',
                'install',
                '--skip-confirmation',
                ...istioctlInstall(spec),
                '--readiness-timeout',
                '10m0s',
              ),
            ],
            done: [established(crds), there(namespace, 'deployment/istiod', 'configmap/istio', injector)],
            typically: 60,
          },
        ]
      : [
          helmStep(
            { release: 'istio-base', namespace, ...chart('base') },
            `Install Istio's kinds ${version} with Helm`,
          ),
          helmStep(
            { release: 'istiod', namespace, ...chart('istiod'), settings },
            `Install istiod ${version} with Helm`,
          ),
        ]
  return [...install, waitFor('istio-ready', 'Wait until istiod is ready', namespace, ['deployment/istiod'])]
}
