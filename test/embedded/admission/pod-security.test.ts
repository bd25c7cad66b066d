/** Rows after kubernetes/pod-security-admission policy/check_*_test.go and admission/admission_test.go. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SecuredPod } from '../../../src/embedded/admission/pod-security/pod.ts'
import { details, policyOf, textOf, violationsOf } from '../../../src/embedded/admission/pod-security/policy.ts'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type Api, apiOf, deployment } from '../api.ts'
import { settled } from '../small-cluster.ts'

type Spec = SecuredPod['spec']
const good = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
}
/** Pods `a` and `b` that are restricted but for this. */
const but = (context: object, pod: Partial<Spec> = {}): Spec => ({
  ...pod,
  containers: [
    { name: 'a', securityContext: { ...good, ...context } },
    { name: 'b', securityContext: good },
  ],
})

const rows: [standard: string, spec: Spec, says: string, annotations?: Record<string, string>][] = [
  ['baseline:latest', { containers: [{ name: 'a' }] }, ''],
  ['restricted:latest', but({}), ''],
  ['privileged:latest', but({ privileged: true }), ''],
  [
    'restricted:latest',
    { containers: [{ name: 'a' }, { name: 'b' }], initContainers: [{ name: 'i' }] },
    'allowPrivilegeEscalation != false (containers "i", "a", "b" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (containers "i", "a", "b" must set securityContext.capabilities.drop=["ALL"]), ' +
      'runAsNonRoot != true (pod or containers "i", "a", "b" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or containers "i", "a", "b" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    'baseline:latest',
    but({ privileged: true }, { hostNetwork: true, hostPID: true }),
    'host namespaces (hostNetwork=true, hostPID=true), privileged (container "a" must not set securityContext.privileged=true)',
  ],
  [
    'baseline:latest',
    but({ capabilities: { add: ['NET_ADMIN', 'CHOWN', 'FOO'] } }),
    'non-default capabilities (container "a" must not include "FOO", "NET_ADMIN" in securityContext.capabilities.add)',
  ],
  // The restricted check stands in for the one of the baseline.
  [
    'restricted:latest',
    but({ capabilities: { add: ['NET_ADMIN', 'NET_BIND_SERVICE'] } }),
    'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "NET_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    'restricted:v1.21',
    but({ capabilities: { add: ['NET_ADMIN'] } }),
    'non-default capabilities (container "a" must not include "NET_ADMIN" in securityContext.capabilities.add)',
  ],
  [
    'baseline:latest',
    {
      containers: [],
      volumes: [
        { name: 'x', hostPath: {} },
        { name: 'y', hostPath: {} },
        { name: 'z', emptyDir: {} },
      ],
    },
    'hostPath volumes (volumes "x", "y")',
  ],
  [
    'restricted:latest',
    but(
      {},
      {
        volumes: [
          { name: 'x', hostPath: {} },
          { name: 'y', nfs: {} },
          { name: 'z', projected: {} },
        ],
      },
    ),
    'restricted volume types (volumes "x", "y" use restricted volume types "hostPath", "nfs")',
  ],
  [
    'baseline:latest',
    {
      containers: [
        { name: 'a', ports: [{ hostPort: 80 }, { hostPort: 443 }, { hostPort: 0 }] },
        { name: 'b', ports: [{}] },
      ],
    },
    'hostPort (container "a" uses hostPorts 443, 80)',
  ],
  [
    'baseline:latest',
    { containers: [{ name: 'a', livenessProbe: { httpGet: { host: '10.0.0.1' } } }] },
    'probe or lifecycle host (container "a" uses probe or lifecycle host "10.0.0.1")',
  ],
  ['baseline:v1.33', { containers: [{ name: 'a', livenessProbe: { httpGet: { host: '10.0.0.1' } } }] }, ''],
  [
    'baseline:latest',
    but({ procMount: 'Unmasked' }),
    'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
  ],
  ['baseline:latest', but({ procMount: 'Unmasked' }, { hostUsers: false }), ''],
  [
    'baseline:v1.34',
    but({ procMount: 'Unmasked' }, { hostUsers: false }),
    'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    'restricted:latest',
    but({ procMount: 'Unmasked' }, { hostUsers: false }),
    'procMount (container "a" must not set securityContext.procMount to "Unmasked")',
  ],
  [
    'baseline:latest',
    but(
      { seLinuxOptions: { type: 'foo', user: 'u' } },
      { securityContext: { seLinuxOptions: { type: 'bar', role: 'r' } } },
    ),
    'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: types "bar", "foo"; user may not be set; role may not be set)',
  ],
  ['baseline:latest', but({ seLinuxOptions: { type: 'container_engine_t' } }), ''],
  [
    'baseline:v1.30',
    but({ seLinuxOptions: { type: 'container_engine_t' } }),
    'seLinuxOptions (container "a" set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
  ],
  [
    'baseline:latest',
    but({ seccompProfile: { type: 'Unconfined' } }),
    'seccompProfile (container "a" must not set securityContext.seccompProfile.type to "Unconfined")',
  ],
  [
    'restricted:latest',
    but({ seccompProfile: undefined }),
    'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    'restricted:latest',
    but({ seccompProfile: undefined }, { securityContext: { seccompProfile: { type: 'Localhost' } } }),
    '',
  ],
  [
    'baseline:v1.18',
    { containers: [{ name: 'a' }] },
    'seccompProfile (forbidden annotation container.seccomp.security.alpha.kubernetes.io/a="unconfined")',
    { 'container.seccomp.security.alpha.kubernetes.io/a': 'unconfined' },
  ],
  [
    'baseline:latest',
    but({ appArmorProfile: { type: 'Unconfined' } }),
    'forbidden AppArmor profiles (container "a" and annotation must not set AppArmor profile type to "Unconfined", "container.apparmor.security.beta.kubernetes.io/a="unconfined"")',
    { 'container.apparmor.security.beta.kubernetes.io/a': 'unconfined' },
  ],
  [
    'baseline:latest',
    { containers: [], securityContext: { sysctls: [{ name: 'a' }, { name: 'net.ipv4.tcp_rmem' }, { name: 'b' }] } },
    'forbidden sysctls (a, b)',
  ],
  [
    'baseline:v1.31',
    { containers: [], securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem' }] } },
    'forbidden sysctls (net.ipv4.tcp_rmem)',
  ],
  // Not known to this version yet, whatever the label asks for.
  [
    'baseline:v1.99',
    { containers: [], securityContext: { sysctls: [{ name: 'net.ipv4.tcp_notsent_lowat' }] } },
    'forbidden sysctls (net.ipv4.tcp_notsent_lowat)',
  ],
  [
    'baseline:latest',
    but({}, { securityContext: { windowsOptions: { hostProcess: true } } }),
    'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
  ],
  [
    'restricted:latest',
    but({ runAsNonRoot: false }, { securityContext: { runAsNonRoot: false } }),
    'runAsNonRoot != true (pod and container "a" must not set securityContext.runAsNonRoot=false)',
  ],
  ['restricted:latest', but({ runAsNonRoot: undefined }, { securityContext: { runAsNonRoot: true } }), ''],
  ['restricted:latest', but({ runAsUser: 0 }), 'runAsUser=0 (container "a" must not set runAsUser=0)'],
  ['restricted:v1.22', but({ runAsUser: 0 }), ''],
  ['restricted:latest', but({ runAsUser: 0 }, { hostUsers: false }), ''],
  [
    'restricted:v1.24',
    { os: { name: 'windows' }, containers: [{ name: 'a', securityContext: { runAsNonRoot: true } }] },
    'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), ' +
      'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  ],
  [
    'restricted:v1.25',
    { os: { name: 'windows' }, containers: [{ name: 'a', securityContext: { runAsNonRoot: true } }] },
    '',
  ],
]

describe('a pod against a standard', () => {
  test.each(rows)('%s %j', (standard, spec, says, annotations = {}) => {
    const [level = '', version = ''] = standard.split(':')
    const labels = {
      'pod-security.kubernetes.io/enforce': level,
      'pod-security.kubernetes.io/enforce-version': version,
    }
    const { policy } = policyOf(labels)
    expect(textOf(policy.enforce)).toBe(standard)
    expect(details(violationsOf(policy.enforce, { annotations, spec }))).toBe(says)
  })
})

describe('in a cluster', () => {
  const key = 'pod-security.kubernetes.io/'
  let cluster: EmbeddedCluster
  let api: Api
  beforeAll(async () => {
    cluster = await createEmbeddedCluster()
    api = apiOf(cluster)
    await settled(cluster)
  })
  afterAll(() => cluster.stop())
  const namespace = async (name: string, labels: Record<string, string>) => {
    const answer = await api('POST', '/api/v1/namespaces', { metadata: { name, labels } })
    if (answer.status === 201)
      cluster.registry.create({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'default', namespace: name },
      })
    return answer
  }
  const pod = (name: string, spec: object = {}) => ({
    metadata: { name },
    spec: { containers: [{ name: 'c', image: 'nginx' }], ...spec },
  })
  const unsafe =
    'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'

  test('enforce refuses a pod, and warns about a Deployment, which is stored', async () => {
    await namespace('strict', { [`${key}enforce`]: 'restricted' })
    const refused = await api('POST', '/api/v1/namespaces/strict/pods', pod('p'))
    expect(refused.body).toMatchObject({
      code: 403,
      reason: 'Forbidden',
      details: { name: 'p', kind: 'pods' },
      message: `pods "p" is forbidden: violates PodSecurity "restricted:latest": ${unsafe}`,
    })
    const made = await api('POST', '/apis/apps/v1/namespaces/strict/deployments', deployment('web'))
    expect(made.status).toBe(201)
    expect(made.headers.get('warning')).toBe(
      `299 - "would violate PodSecurity \\"restricted:latest\\": ${unsafe.replaceAll('"', '\\"')}"`,
    )
  })

  test('warn lets the pod in', async () => {
    await namespace('loose', { [`${key}warn`]: 'baseline', [`${key}warn-version`]: 'v1.30' })
    const made = await api('POST', '/api/v1/namespaces/loose/pods', pod('p', { hostNetwork: true }))
    expect(made.status).toBe(201)
    expect(made.headers.get('warning')).toBe(
      '299 - "would violate PodSecurity \\"baseline:v1.30\\": host namespaces (hostNetwork=true)"',
    )
  })

  test('a label is checked, and pods that are there are looked at when it comes', async () => {
    expect((await namespace('odd', { [`${key}enforce`]: 'strict' })).body).toMatchObject({
      code: 422,
      message:
        'Namespace "odd" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
    })
    await namespace('late', {})
    for (const name of ['q', 'p']) await api('POST', '/api/v1/namespaces/late/pods', pod(name, { hostPID: true }))
    const labelled = await api(
      'PATCH',
      '/api/v1/namespaces/late',
      { metadata: { labels: { [`${key}enforce`]: 'baseline' } } },
      { 'content-type': 'application/merge-patch+json' },
    )
    expect(labelled.status).toBe(200)
    expect(labelled.headers.get('warning')).toBe(
      '299 - "existing pods in namespace \\"late\\" violate the new PodSecurity enforce level \\"baseline:latest\\"", 299 - "p (and 1 other pod): host namespaces"',
    )
    // A pod that is there may still be labelled, but not get another image.
    const at = '/api/v1/namespaces/late/pods/p'
    const merge = { 'content-type': 'application/strategic-merge-patch+json' }
    expect((await api('PATCH', at, { metadata: { labels: { a: 'b' } } }, merge)).status).toBe(200)
    const image = { spec: { containers: [{ name: 'c', image: 'httpd' }] } }
    expect((await api('PATCH', at, image, merge)).body.message).toBe(
      'pods "p" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostPID=true)',
    )
  })
})
