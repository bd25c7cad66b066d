/** Views written by hand: a small course, and the moments of it that screens are made for. */
import type { Lab, Scenario } from '../../src/content/schema.ts'
import type { CheckResult, StepReport } from '../../src/grading/report.ts'
import type {
  CatalogueEntry,
  LabView,
  Matrix,
  MatrixCell,
  ScenarioProgress,
  TapView,
  View,
} from '../../src/session/types.ts'
import { captureOf } from '../../src/tap/wire.ts'

export const lab: Lab = {
  apiVersion: 'meshdojo.dev/v1',
  kind: 'Lab',
  metadata: { name: 'shop-istio', title: 'A small shop on Istio', mesh: 'istio' },
  spec: {
    says: 'Three namespaces: `production` with frontend, api-server and orders, `staging` with a client, and `legacy` whose workloads have no sidecar.',
    manifests: ['shop.yaml'],
    matrix: {
      sources: ['production/frontend', 'production/api-server', 'production/orders', 'staging/client', 'legacy/client'],
      targets: [
        { name: 'frontend', url: 'http://frontend.production/' },
        { name: 'api-server', url: 'http://api-server.production/' },
        { name: 'orders', url: 'http://orders.production/' },
        { name: 'server', url: 'http://server.legacy/' },
      ],
    },
  },
}

const task = `The security team found that \`orders\` still answers callers that do not use mutual TLS.

Make sure that **every** workload in the namespace \`production\` refuses plaintext:

- workloads inside the mesh keep working
- do not change any Deployment
- the namespace \`legacy\` is not yours to change`

const request = (from: string, to: string, expect: 'refused' | 'ok' | 'denied') => ({
  from,
  to,
  method: 'GET',
  headers: {},
  expect,
})

export const scenario: Scenario = {
  apiVersion: 'meshdojo.dev/v1',
  kind: 'Scenario',
  metadata: {
    name: 'istio-strict-mtls',
    title: 'Encrypt every hop',
    mesh: 'istio',
    track: 'mtls',
    minutes: 10,
    difficulty: 'easy',
    cks: ['pod-to-pod-encryption'],
    tags: ['mtls', 'istio'],
    summary: 'Every byte between pods is encrypted and both ends prove who they are; plaintext is refused.',
  },
  spec: {
    lab: 'shop-istio',
    steps: [
      {
        id: 'strict-production',
        title: 'Refuse plaintext in production',
        task,
        files: [{ name: 'peer-authentication.yaml', content: 'apiVersion: security.istio.io/v1\n' }],
        hints: [
          'Which object says how a workload expects to be called?',
          'A `PeerAuthentication` without a selector, in the namespace itself, is for all its workloads.',
          'Its field `spec.mtls.mode` must be `STRICT`.',
        ],
        checks: [
          {
            id: 'plaintext-refused',
            says: 'a pod without a sidecar can no longer read orders',
            request: request('legacy/client', 'http://orders.production/api/orders', 'refused'),
          },
          {
            id: 'meshed-still-works',
            says: 'the frontend still can',
            request: request('production/frontend', 'http://orders.production/api/orders', 'ok'),
          },
          {
            id: 'policy-there',
            says: 'the policy is in production',
            object: { apiVersion: 'security.istio.io/v1', kind: 'PeerAuthentication', namespace: 'production' },
          },
        ],
        solution: 'apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n',
        mistakes: [],
        explanation:
          'With `STRICT` the sidecar of each workload accepts mutual TLS only. A caller without a sidecar cannot offer a certificate, so its connection is reset before HTTP begins.\n\nFor the exam: without a selector, in the namespace, is for the whole namespace; in `istio-system` it is for the whole mesh.',
      },
      {
        id: 'strict-mesh',
        title: 'Make it the rule of the mesh',
        task: 'Let the whole mesh refuse plaintext, whatever namespaces come later.',
        files: [],
        hints: ['Which namespace is the root namespace?'],
        checks: [
          {
            id: 'staging-refuses',
            says: 'a pod without a sidecar can no longer reach staging',
            request: request('legacy/client', 'http://client.staging/', 'refused'),
          },
        ],
        solution: 'kind: PeerAuthentication\n',
        mistakes: [],
        explanation: 'A policy in the root namespace is inherited by every namespace without its own.',
      },
    ],
  },
}

const other = (name: string, title: string, difficulty: 'easy' | 'medium' | 'hard', minutes: number): Scenario => ({
  ...scenario,
  metadata: {
    ...scenario.metadata,
    name,
    title,
    difficulty,
    minutes,
    cks: difficulty === 'hard' ? [] : ['pod-to-pod-encryption'],
  },
})

export const fresh: ScenarioProgress = { state: 'new', passed: [], step: 0, hintsUsed: 0, solutionsSeen: [], spent: 0 }

export const catalogue: CatalogueEntry[] = [
  {
    scenario,
    lab,
    progress: { ...fresh, state: 'started', passed: ['strict-production'], step: 1, hintsUsed: 1, spent: 300_000 },
  },
  {
    scenario: other('istio-deny-all', 'Close the door first', 'easy', 10),
    lab,
    progress: { ...fresh, state: 'done', spent: 754_000 },
  },
  {
    scenario: other('istio-allow-frontend', 'Let the frontend in, and nobody else', 'medium', 15),
    lab,
    progress: fresh,
  },
  { scenario: other('istio-port-exception', 'One port stays open', 'hard', 20), lab, progress: fresh },
]

export const pickerView = (over: Partial<Extract<View, { screen: 'picker' }>> = {}): View => ({
  screen: 'picker',
  catalogue,
  resume: 'istio-strict-mtls',
  ...over,
})

const cell = (
  letter: MatrixCell['letter'],
  marks: Pick<MatrixCell, 'goal'> & { wrong?: boolean; changed?: boolean } = {},
  says = '',
): MatrixCell => ({
  letter,
  ...(marks.goal ? { goal: marks.goal } : {}),
  observed: true,
  wrong: marks.wrong ?? false,
  changed: marks.changed ?? false,
  says,
  steps:
    letter === '.'
      ? []
      : ['client: production/frontend has a sidecar', 'server: no AuthorizationPolicy selects the workload'],
})

/** Before STRICT: everybody may, the legacy client in plaintext. */
export const openMatrix: Matrix = {
  sources: lab.spec.matrix.sources,
  targets: lab.spec.matrix.targets.map((target) => target.name),
  pending: 0,
  cells: [
    [cell('.'), cell('M'), cell('M', { goal: { letter: 'M', says: '200 over mTLS' } }), cell('P')],
    [cell('M'), cell('.'), cell('M'), cell('P')],
    [cell('M'), cell('M'), cell('.'), cell('P')],
    [cell('M'), cell('M'), cell('M'), cell('P')],
    [
      cell('P'),
      cell('P'),
      cell(
        'P',
        { wrong: true, goal: { letter: 'r', says: 'refused' } },
        'PeerAuthentication production/default is PERMISSIVE: plaintext is accepted',
      ),
      cell('P'),
    ],
  ],
}

/** After STRICT in production. */
export const strictMatrix: Matrix = {
  ...openMatrix,
  cells: openMatrix.cells.map((row, index) =>
    index === 4
      ? [cell('r', { changed: true }), cell('r', { changed: true }), cell('r', { changed: true }), cell('P')]
      : row,
  ),
}

export const failing: CheckResult = {
  id: 'plaintext-refused',
  says: 'a pod without a sidecar can no longer read orders',
  passed: false,
  expected: 'refused',
  seen: '200 in plaintext',
  because: 'legacy/client still reads orders: PeerAuthentication production/default is PERMISSIVE',
}

const passing = (id: string, says: string): CheckResult => ({
  id,
  says,
  passed: true,
  expected: '200',
  seen: '200 over mTLS',
})

export const failingReport: StepReport = {
  id: 'strict-production',
  passed: false,
  checks: [
    failing,
    passing('meshed-still-works', 'the frontend still can'),
    {
      id: 'policy-there',
      says: 'the policy is in production',
      passed: false,
      expected: "object.spec.mtls.mode == 'STRICT'",
      seen: 'PERMISSIVE',
      because: 'PeerAuthentication production/default has mode PERMISSIVE',
    },
  ],
}

export const passedReport: StepReport = {
  id: 'strict-production',
  passed: true,
  checks: failingReport.checks.map((check) => passing(check.id, check.says)),
}

/** 12:01:08 on the learner's clock, whatever the time zone. */
export const noon = new Date(2026, 10, 24, 12, 1, 8).getTime()

export const labView = (over: Partial<LabView> = {}): LabView => ({
  screen: 'lab',
  scenario,
  stepIndex: 0,
  reports: [failingReport],
  passed: [],
  grading: false,
  gradedAt: noon,
  stepPassed: false,
  finished: false,
  hints: [],
  hintsLeft: 3,
  matrix: openMatrix,
  feed: [
    { at: noon - 8000, kind: 'step', says: 'step 1: Refuse plaintext in production' },
    { at: noon - 1000, kind: 'apply', says: 'PeerAuthentication production/default created' },
    { at: noon, kind: 'grade', says: 'the policy is in production: not yet' },
  ],
  file: {
    path: '/home/ana/.local/share/meshdojo/istio-strict-mtls/peer-authentication.yaml',
    name: 'peer-authentication.yaml',
    lastApply: { at: noon - 1000, ok: true, says: 'applied, 1 object' },
  },
  kubeconfig: '/home/ana/.local/share/meshdojo/istio-strict-mtls/kubeconfig',
  progress: { ...fresh, state: 'started' },
  ...over,
})

export const passedView = (over: Partial<LabView> = {}): LabView =>
  labView({ reports: [passedReport], passed: ['strict-production'], stepPassed: true, matrix: strictMatrix, ...over })

export const finishedView = (): LabView =>
  passedView({
    stepIndex: 1,
    reports: [
      passedReport,
      {
        id: 'strict-mesh',
        passed: true,
        checks: [passing('staging-refuses', 'a pod without a sidecar can no longer reach staging')],
      },
    ],
    passed: ['strict-production', 'strict-mesh'],
    finished: true,
    progress: { ...fresh, state: 'done', hintsUsed: 2, passed: ['strict-production', 'strict-mesh'], spent: 754_000 },
  })

const wireRequest = Buffer.from(
  'GET /api/orders HTTP/1.1\r\nHost: orders.production\r\nCookie: session=made-up\r\n\r\n',
)
const at = wireRequest.indexOf('session=')
const noise = Uint8Array.from({ length: 120 }, (_, index) => (index * 89 + 130) % 256)

/** The wire between legacy/client and orders. */
export const tapped: TapView = {
  from: 'legacy/client',
  to: 'orders',
  state: 'captured',
  tap: {
    from: 'legacy/client',
    url: 'http://orders.production/api/orders',
    method: 'GET',
    now: 'plaintext',
    because: 'PeerAuthentication production/default is PERMISSIVE: plaintext is accepted',
    met: '200',
    plaintext: captureOf([
      {
        from: 'client',
        bytes: wireRequest,
        title: 'GET /api/orders HTTP/1.1',
        facts: ['secret, readable by anybody on the way: session=made-up'],
        secrets: [{ start: at, end: at + 'session=made-up'.length }],
        encrypted: false,
      },
    ]),
    mtls: {
      ...captureOf([
        {
          from: 'client',
          bytes: Uint8Array.of(0x17, 3, 3, 0, 120, ...noise),
          title: 'encrypted, 120 bytes',
          facts: ['only the two ends know: the request'],
          secrets: [],
          encrypted: true,
        },
      ]),
      client: 'spiffe://cluster.local/ns/legacy/sa/client',
      server: 'spiffe://cluster.local/ns/production/sa/orders',
    },
    notes: ['legacy/client has no sidecar: under mutual TLS it would be as shown if it had one.'],
  },
}
