/** What the server fills in, row by row. */
import { describe, expect, test } from 'vitest'
import { builtinKinds } from '../../../src/embedded/kinds/index.ts'
import { canonicalQuantity } from '../../../src/embedded/kinds/quantity.ts'
import { defaulted, kindOf, selector, template } from './records.ts'

const container = { imagePullPolicy: 'IfNotPresent', resources: {}, terminationMessagePath: '/dev/termination-log' }
const podSpec = {
  restartPolicy: 'Always',
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
  containers: [container],
}
const image = (name: string) => ({ spec: { containers: [{ name: 'c', image: name }] } })
const withPolicy = (imagePullPolicy: string) => ({ spec: { containers: [{ imagePullPolicy }] } })
const withContainer = (fields: object) => ({ spec: { containers: [{ name: 'c', image: 'nginx:1', ...fields }] } })
const withVolume = (volume: object) => ({ spec: { ...image('nginx').spec, volumes: [{ name: 'v', ...volume }] } })

describe('defaults', () => {
  test.each<[string, string, object, object]>([
    [
      'Deployment',
      'a minimal one',
      { spec: { selector, template: template() } },
      {
        spec: {
          replicas: 1,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
          revisionHistoryLimit: 10,
          progressDeadlineSeconds: 600,
          template: { spec: podSpec },
        },
      },
    ],
    ['Deployment', 'zero replicas stay zero', { spec: { replicas: 0 } }, { spec: { replicas: 0 } }],
    [
      'Pod',
      'a minimal one',
      image('nginx:1.27'),
      { spec: { ...podSpec, enableServiceLinks: true }, status: { phase: 'Pending', qosClass: 'BestEffort' } },
    ],
    ['Pod', 'no tag means latest', image('nginx'), withPolicy('Always')],
    ['Pod', 'latest is pulled each time', image('nginx:latest'), withPolicy('Always')],
    ['Pod', 'a registry port is no tag', image('localhost:5000/nginx'), withPolicy('Always')],
    ['Pod', 'a tag is pinned', image('localhost:5000/nginx:1'), withPolicy('IfNotPresent')],
    ['Pod', 'a digest is pinned', image('nginx@sha256:abc'), withPolicy('IfNotPresent')],
    [
      'Pod',
      'requests follow limits',
      withContainer({ resources: { limits: { cpu: '500m', memory: '1024Mi' } } }),
      {
        spec: {
          containers: [
            { resources: { limits: { cpu: '500m', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } } },
          ],
        },
        status: { qosClass: 'Guaranteed' },
      },
    ],
    [
      'Pod',
      'requests alone are burstable',
      withContainer({ resources: { requests: { cpu: '1000m' } } }),
      { spec: { containers: [{ resources: { requests: { cpu: '1' } } }] }, status: { qosClass: 'Burstable' } },
    ],
    [
      'Pod',
      'a probe',
      withContainer({ readinessProbe: { httpGet: { port: 80 } } }),
      {
        spec: {
          containers: [
            {
              readinessProbe: {
                httpGet: { path: '/', port: 80, scheme: 'HTTP' },
                timeoutSeconds: 1,
                periodSeconds: 10,
                successThreshold: 1,
                failureThreshold: 3,
              },
            },
          ],
        },
      },
    ],
    [
      'Pod',
      'gates show at once',
      { spec: { ...image('nginx').spec, schedulingGates: [{ name: 'wait' }] } },
      { status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }] } },
    ],
    ['Pod', 'a volume of nothing is empty', withVolume({}), { spec: { volumes: [{ name: 'v', emptyDir: {} }] } }],
    [
      'Pod',
      'files of a secret are 0644',
      withVolume({ secret: { secretName: 's' } }),
      { spec: { volumes: [{ secret: { defaultMode: 420 } }] } },
    ],
    [
      'Service',
      'a minimal one',
      { spec: { ports: [{ port: 80 }] } },
      {
        spec: {
          type: 'ClusterIP',
          sessionAffinity: 'None',
          internalTrafficPolicy: 'Cluster',
          ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
        },
        status: { loadBalancer: {} },
      },
    ],
    [
      'Service',
      'a load balancer',
      { spec: { type: 'LoadBalancer', ports: [{ port: 80, targetPort: 'http' }] } },
      {
        spec: {
          externalTrafficPolicy: 'Cluster',
          allocateLoadBalancerNodePorts: true,
          ports: [{ targetPort: 'http' }],
        },
      },
    ],
    [
      'Service',
      'sticky clients',
      { spec: { sessionAffinity: 'ClientIP', ports: [{ port: 80 }] } },
      { spec: { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } } } },
    ],
    [
      'Namespace',
      'a minimal one',
      {},
      {
        metadata: { labels: { 'kubernetes.io/metadata.name': 'x' } },
        spec: { finalizers: ['kubernetes'] },
        status: { phase: 'Active' },
      },
    ],
    ['Secret', 'plain text becomes data', { stringData: { a: 'b' } }, { type: 'Opaque', data: { a: 'Yg==' } }],
    [
      'StatefulSet',
      'a minimal one',
      { spec: { selector, template: template() } },
      {
        spec: {
          replicas: 1,
          podManagementPolicy: 'OrderedReady',
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
          persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
        },
      },
    ],
    [
      'DaemonSet',
      'a minimal one',
      { spec: { selector, template: template() } },
      { spec: { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } } } },
    ],
    [
      'Job',
      'a minimal one',
      { metadata: { uid: 'u' }, spec: { template: template({ restartPolicy: 'Never' }, {}) } },
      {
        spec: {
          completions: 1,
          parallelism: 1,
          backoffLimit: 6,
          completionMode: 'NonIndexed',
          suspend: false,
          selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
          template: {
            metadata: {
              labels: {
                'batch.kubernetes.io/controller-uid': 'u',
                'batch.kubernetes.io/job-name': 'x',
                'controller-uid': 'u',
                'job-name': 'x',
              },
            },
          },
        },
      },
    ],
    ['Job', 'a work queue has no completions', { spec: { parallelism: 3 } }, { spec: { parallelism: 3 } }],
    [
      'CronJob',
      'a minimal one',
      { spec: { schedule: '* * * * *' } },
      {
        spec: {
          concurrencyPolicy: 'Allow',
          suspend: false,
          successfulJobsHistoryLimit: 3,
          failedJobsHistoryLimit: 1,
        },
      },
    ],
    ['NetworkPolicy', 'ingress only', { spec: { podSelector: {} } }, { spec: { policyTypes: ['Ingress'] } }],
    [
      'NetworkPolicy',
      'with egress rules',
      { spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] } },
      { spec: { policyTypes: ['Ingress', 'Egress'], egress: [{ ports: [{ protocol: 'TCP' }] }] } },
    ],
    [
      'RoleBinding',
      'groups of subjects',
      {
        roleRef: { kind: 'Role', name: 'r' },
        subjects: [
          { kind: 'User', name: 'u' },
          { kind: 'ServiceAccount', name: 's', namespace: 'shop' },
        ],
      },
      {
        roleRef: { apiGroup: 'rbac.authorization.k8s.io' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io' }, { kind: 'ServiceAccount' }],
      },
    ],
    [
      'HorizontalPodAutoscaler',
      'cpu at 80 percent',
      { spec: { maxReplicas: 3 } },
      {
        spec: {
          minReplicas: 1,
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
          ],
        },
      },
    ],
    [
      'ValidatingWebhookConfiguration',
      'a webhook',
      { webhooks: [{ name: 'a.b.c', clientConfig: { service: { name: 's' } }, rules: [{}] }] },
      {
        webhooks: [
          {
            failurePolicy: 'Fail',
            matchPolicy: 'Equivalent',
            timeoutSeconds: 10,
            rules: [{ scope: '*' }],
            clientConfig: { service: { port: 443 } },
          },
        ],
      },
    ],
    ['StorageClass', 'a minimal one', {}, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }],
    [
      'PersistentVolume',
      'a minimal one',
      { spec: {} },
      { spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }, status: { phase: 'Pending' } },
    ],
    [
      'LimitRange',
      'default from max, request from default',
      { spec: { limits: [{ type: 'Container', max: { cpu: '1' } }] } },
      { spec: { limits: [{ default: { cpu: '1' }, defaultRequest: { cpu: '1' } }] } },
    ],
  ])('%s: %s', (kind, _name, given, expected) => {
    expect(defaulted(kind, given)).toMatchObject(expected)
  })

  test('a secret never gives its plain text back', () => {
    expect(defaulted('Secret', { stringData: { a: 'b' } })).not.toHaveProperty('stringData')
  })

  test('a namespace that is going away gets no new finalizer', () => {
    const going = defaulted('Namespace', { metadata: { deletionTimestamp: '2026-11-24T10:00:00Z' }, spec: {} })
    expect(going.spec).toEqual({})
  })

  test.each(builtinKinds().map(({ kind }) => [kind]))('%s: a second time changes nothing', (kind) => {
    const workload = {
      selector,
      template: template(),
      containers: [{ name: 'c', image: 'nginx' }],
      ports: [{ port: 1 }],
    }
    const once = defaulted(kind, kind === 'Node' || kind === 'Event' ? {} : { metadata: { uid: 'u' }, spec: workload })
    const twice = structuredClone(once)
    kindOf(kind).setDefaults?.(twice)
    expect(twice).toEqual(once)
  })
})

describe('canonicalQuantity', () => {
  test.each([
    ['1000m', '1'],
    ['0.5', '500m'],
    ['1024Mi', '1Gi'],
    ['1500Mi', '1500Mi'],
    ['2000', '2k'],
    ['1.5Gi', '1536Mi'],
    [1, '1'],
    ['100M', '100M'],
    ['0', '0'],
    ['lots', 'lots'],
  ])('%s is %s', (given, expected) => {
    expect(canonicalQuantity(given)).toBe(expected)
  })
})
