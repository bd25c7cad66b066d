/**
 * Linkerd with viz. The Gateway API's kinds come first: the chart does not bring them (linkerd2 charts/linkerd-crds
 * values.yaml, installGatewayAPI). By Helm, the trust anchor and issuer are ours to make, which the CLI does by itself.
 */

import { type Action, command, established, runs, type Step, there, waitFor } from '../../steps.ts'
import { type BundleUse, gatewayApiFile } from '../bundle/contents.ts'
import { helmStep, settingsOf } from './helm.ts'
import { chartFrom, type InstallSpec } from './install.ts'
import { gatewayApiVersion } from './tools.ts'

const linkerdRepo = 'https://helm.linkerd.io/edge'
export const gatewayApiUrl = `https://github.com/kubernetes-sigs/gateway-api/releases/download/v${gatewayApiVersion}/standard-install.yaml`

/** Charts of edge-26.6.3 are numbered 2026.6.3. */
const linkerdChartVersion = (version: string): string => `20${version}`

const controlPlane = [
  'deployment/linkerd-identity',
  'deployment/linkerd-destination',
  'deployment/linkerd-proxy-injector',
]
const viz = [
  'deployment/metrics-api',
  'deployment/prometheus',
  'deployment/tap',
  'deployment/tap-injector',
  'deployment/web',
]

/** What one command prints is applied, as the documentation pipes it. */
const piped = (says: string, ...run: [string, ...string[]]): Action => ({
  do: 'run',
  command: command(says, ...run),
  into: command('Apply it', 'kubectl', 'apply', '--filename', '-'),
})

const gatewayApi = (bundle: BundleUse | undefined): Step => ({
  id: 'gateway-api',
  says: `Install the Gateway API's kinds ${gatewayApiVersion}, which Linkerd needs`,
  actions: [
    runs(
      'Install the Gateway API',
      'kubectl',
      'apply',
      '--server-side',
      '--filename',
      bundle ? `${bundle.folder}/${gatewayApiFile}` : gatewayApiUrl,
    ),
  ],
  done: [
    established(
      ['gatewayclasses', 'gateways', 'httproutes', 'grpcroutes'].map((name) => `${name}.gateway.networking.k8s.io`),
    ),
  ],
  typically: 10,
})

const byTool = ({ version, settings }: InstallSpec): Step[] => [
  {
    id: 'linkerd-crds',
    says: `Install Linkerd's kinds (edge-${version})`,
    actions: [piped("Print Linkerd's kinds", 'linkerd', 'install', '--crds')],
    done: [established(['servers.policy.linkerd.io', 'authorizationpolicies.policy.linkerd.io'])],
    typically: 10,
  },
  {
    id: 'linkerd',
    says: `Install Linkerd's control plane (edge-${version})`,
    actions: [piped('Print the control plane', 'linkerd', 'install', ...settingsOf(settings))],
    done: [there('linkerd', 'configmap/linkerd-config', 'secret/linkerd-identity-issuer', ...controlPlane)],
    half: {
      // `linkerd install` refuses where a part of it is, and would make another trust anchor.
      test: { command: command('Look for a namespace', 'kubectl', 'get', 'namespace/linkerd', '--output=name') },
      clean: command(
        'Take out the unfinished control plane',
        'kubectl',
        'delete',
        'namespace',
        'linkerd',
        '--timeout=120s',
      ),
    },
    typically: 15,
  },
]

/** EC P-256, as linkerd2 pkg/tls expects; the issuer for a year, as `linkerd install` makes it. */
const certificates = (folder: string): Step => {
  const file = (name: string): string => `${folder}/${name}`
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const authority = (more: string) => [
    '-addext',
    `basicConstraints=critical,CA:true${more}`,
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ]
  const request = ['req', '-x509', ...key]
  return {
    id: 'linkerd-certificates',
    says: "Make Linkerd's trust anchor and issuer with openssl",
    actions: [
      runs(
        'Make the trust anchor',
        'openssl',
        ...request,
        '-keyout',
        file('ca.key'),
        '-out',
        file('ca.crt'),
        '-days',
        '3650',
        '-subj',
        '/CN=root.linkerd.cluster.local',
        ...authority(''),
      ),
      runs(
        'Make the issuer',
        'openssl',
        ...request,
        '-CA',
        file('ca.crt'),
        '-CAkey',
        file('ca.key'),
        '-keyout',
        file('issuer.pem'),
        '-out',
        file('issuer.crt'),
        '-days',
        '365',
        '-subj',
        '/CN=identity.linkerd.cluster.local',
        ...authority(',pathlen:0'),
      ),
      runs('Write the key as Linkerd reads it', 'openssl', 'ec', '-in', file('issuer.pem'), '-out', file('issuer.key')),
    ],
    done: [
      {
        command: command('Check the issuer', 'openssl', 'verify', '-CAfile', file('ca.crt'), file('issuer.crt')),
      },
      { command: command('Read the key', 'openssl', 'ec', '-in', file('issuer.key'), '-noout') },
    ],
    typically: 2,
  }
}

const byHelm = (spec: InstallSpec): Step[] => {
  const { version, folder, settings } = spec
  const chart = (name: string) => chartFrom(spec, name, linkerdRepo, linkerdChartVersion(version))
  const trust = [
    ['identityTrustAnchorsPEM', 'ca.crt'],
    ['identity.issuer.tls.crtPEM', 'issuer.crt'],
    ['identity.issuer.tls.keyPEM', 'issuer.key'],
  ].flatMap(([value, file]) => ['--set-file', `${value}=${folder}/${file}`])
  return [
    helmStep(
      {
        release: 'linkerd-crds',
        namespace: 'linkerd',
        ...chart('linkerd-crds'),
        settings: { installGatewayAPI: 'false' },
      },
      `Install Linkerd's kinds (edge-${version}) with Helm`,
    ),
    certificates(folder),
    helmStep(
      {
        release: 'linkerd-control-plane',
        namespace: 'linkerd',
        ...chart('linkerd-control-plane'),
        settings,
        more: trust,
        placeholders: Object.fromEntries(
          ['identityTrustAnchorsPEM', 'identity.issuer.tls.crtPEM', 'identity.issuer.tls.keyPEM'].map((key) => [
            key,
            'none',
          ]),
        ),
      },
      `Install Linkerd's control plane (edge-${version}) with Helm`,
    ),
  ]
}

export const linkerdSteps = (spec: InstallSpec): Step[] => [
  gatewayApi(spec.bundle),
  ...(spec.by === 'tool' ? byTool(spec) : byHelm(spec)),
  waitFor('linkerd-ready', 'Wait until Linkerd is ready', 'linkerd', controlPlane),
  ...(spec.by === 'tool'
    ? [
        {
          id: 'linkerd-viz',
          says: 'Install Linkerd viz, for edges and statistics',
          actions: [piped('Print viz', 'linkerd', 'viz', 'install')],
          done: [there('linkerd-viz', ...viz)],
          typically: 15,
        },
      ]
    : [
        helmStep(
          {
            release: 'linkerd-viz',
            namespace: 'linkerd-viz',
            ...chartFrom(spec, 'linkerd-viz', linkerdRepo, linkerdChartVersion(spec.version)),
          },
          'Install Linkerd viz with Helm',
        ),
      ]),
  waitFor('linkerd-viz-ready', 'Wait until viz is ready', 'linkerd-viz', viz),
]
