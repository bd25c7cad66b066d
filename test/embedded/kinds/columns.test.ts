/** What `kubectl get` prints, row by row. The pod's own cells are in pod-status.test.ts. */
import { describe, expect, test } from 'vitest'
import { builtinKinds } from '../../../src/embedded/kinds/index.ts'
import { objectOf, row, selector, template } from './records.ts'

const created = '2026-11-24T10:00:00Z'
const now = Date.parse('2026-11-24T10:05:00Z')
const metadata = { creationTimestamp: created }
const ips = (...addresses: string[]) => addresses.map((ip) => ({ ip }))

describe('cells', () => {
  test.each<[string, string, object, unknown[]]>([
    [
      'Deployment',
      'none ready yet',
      { spec: { replicas: 3, selector, template: template() }, status: { updatedReplicas: 3 } },
      ['x', '0/3', 3, 0, '5m', 'c', 'nginx:1.27', 'app=web'],
    ],
    [
      'ReplicaSet',
      'two of three',
      { spec: { replicas: 3, selector, template: template() }, status: { replicas: 3, readyReplicas: 2 } },
      ['x', 3, 3, 2, '5m', 'c', 'nginx:1.27', 'app=web'],
    ],
    [
      'StatefulSet',
      'one of two',
      { spec: { replicas: 2, selector, template: template() }, status: { readyReplicas: 1 } },
      ['x', '1/2', '5m', 'c', 'nginx:1.27'],
    ],
    [
      'DaemonSet',
      'on one node',
      {
        spec: { selector, template: template({ nodeSelector: { disk: 'ssd' } }) },
        status: { desiredNumberScheduled: 1, currentNumberScheduled: 1, numberReady: 1, updatedNumberScheduled: 1 },
      },
      ['x', 1, 1, 1, 1, 0, 'disk=ssd', '5m', 'c', 'nginx:1.27', 'app=web'],
    ],
    [
      'Job',
      'running',
      {
        spec: { completions: 3, selector, template: template() },
        status: { succeeded: 1, startTime: '2026-11-24T10:04:00Z' },
      },
      ['x', 'Running', '1/3', '60s', '5m', 'c', 'nginx:1.27', 'app=web'],
    ],
    [
      'Job',
      'a finished work queue',
      {
        spec: { parallelism: 2, selector, template: template() },
        status: {
          succeeded: 2,
          startTime: '2026-11-24T10:00:00Z',
          completionTime: '2026-11-24T10:00:30Z',
          conditions: [{ type: 'Complete', status: 'True' }],
        },
      },
      ['x', 'Complete', '2/1 of 2', '30s', '5m', 'c', 'nginx:1.27', 'app=web'],
    ],
    [
      'CronJob',
      'never run',
      { spec: { schedule: '0 * * * *', suspend: true, jobTemplate: { spec: { template: template() } } } },
      ['x', '0 * * * *', '<none>', 'True', 0, '<none>', '5m', 'c', 'nginx:1.27', '<none>'],
    ],
    [
      'Service',
      'cluster IP',
      {
        spec: {
          clusterIPs: ['10.96.0.9'],
          selector: { app: 'web' },
          ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }],
        },
      },
      ['x', 'ClusterIP', '10.96.0.9', '<none>', '80/TCP,53/UDP', '5m', 'app=web'],
    ],
    [
      'Service',
      'headless, without ports',
      { spec: { clusterIPs: ['None'] } },
      ['x', 'ClusterIP', 'None', '<none>', '<none>', '5m', '<none>'],
    ],
    [
      'Service',
      'node port',
      { spec: { type: 'NodePort', clusterIPs: ['10.96.0.9'], ports: [{ port: 80, nodePort: 30080 }] } },
      ['x', 'NodePort', '10.96.0.9', '<none>', '80:30080/TCP', '5m', '<none>'],
    ],
    [
      'Service',
      'a load balancer without an address',
      { spec: { type: 'LoadBalancer', clusterIPs: ['10.96.0.9'], ports: [{ port: 80, nodePort: 30080 }] } },
      ['x', 'LoadBalancer', '10.96.0.9', '<pending>', '80:30080/TCP', '5m', '<none>'],
    ],
    [
      'Service',
      'an alias',
      { spec: { type: 'ExternalName', externalName: 'example.com' } },
      ['x', 'ExternalName', '<none>', 'example.com', '<none>', '5m', '<none>'],
    ],
    [
      'Endpoints',
      'more than three',
      { subsets: [{ addresses: ips('10.244.0.2', '10.244.0.3'), ports: [{ port: 80 }, { port: 81 }] }] },
      ['x', '10.244.0.2:80,10.244.0.3:80,10.244.0.2:81 + 1 more...', '5m'],
    ],
    ['Endpoints', 'none', {}, ['x', '<none>', '5m']],
    [
      'EndpointSlice',
      'two addresses',
      {
        addressType: 'IPv4',
        ports: [{ port: 80 }],
        endpoints: [{ addresses: ['10.244.0.2'] }, { addresses: ['10.244.0.3'] }],
      },
      ['x', 'IPv4', '80', '10.244.0.2,10.244.0.3', '5m'],
    ],
    ['EndpointSlice', 'empty', { addressType: 'IPv4' }, ['x', 'IPv4', '<unset>', '<unset>', '5m']],
    [
      'Node',
      'cordoned',
      {
        metadata: { labels: { 'node-role.kubernetes.io/control-plane': '' } },
        spec: { unschedulable: true },
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          addresses: [{ type: 'InternalIP', address: '172.18.0.2' }],
          nodeInfo: { kubeletVersion: 'v1.36.0', osImage: 'os' },
        },
      },
      [
        'x',
        'Ready,SchedulingDisabled',
        'control-plane',
        '5m',
        'v1.36.0',
        '172.18.0.2',
        '<none>',
        'os',
        '<unknown>',
        '<unknown>',
      ],
    ],
    [
      'Event',
      'repeated',
      {
        involvedObject: { kind: 'Pod', name: 'p', fieldPath: 'spec.containers{c}' },
        type: 'Warning',
        reason: 'BackOff',
        message: ' Back-off ',
        source: { component: 'kubelet', host: 'node-1' },
        firstTimestamp: created,
        lastTimestamp: '2026-11-24T10:04:50Z',
        count: 7,
      },
      ['10s', 'Warning', 'BackOff', 'pod/p', 'spec.containers{c}', 'kubelet, node-1', 'Back-off', '5m', 7, 'x'],
    ],
    ['Namespace', 'active', {}, ['x', 'Active', '5m']],
    ['Secret', 'one key', { stringData: { a: 'b' } }, ['x', 'Opaque', 1, '5m']],
    ['ConfigMap', 'two keys', { data: { a: '' }, binaryData: { b: '' } }, ['x', 2, '5m']],
    ['ServiceAccount', 'no secrets', {}, ['x', 0, '5m']],
    ['NetworkPolicy', 'by label', { spec: { podSelector: selector } }, ['x', 'app=web', '5m']],
    ['NetworkPolicy', 'everything', { spec: { podSelector: {} } }, ['x', '<none>', '5m']],
    ['Role', 'any', {}, ['x', created]],
    [
      'RoleBinding',
      'three kinds of subjects',
      {
        roleRef: { kind: 'Role', name: 'r' },
        subjects: [
          { kind: 'User', name: 'u' },
          { kind: 'Group', name: 'g' },
          { kind: 'ServiceAccount', name: 's', namespace: 'shop' },
        ],
      },
      ['x', 'Role/r', '5m', 'u', 'g', 'shop/s'],
    ],
    [
      'Ingress',
      'with TLS',
      { spec: { ingressClassName: 'nginx', tls: [{}], rules: [{ host: 'a' }, {}] } },
      ['x', 'nginx', 'a,*', '', '80, 443', '5m'],
    ],
    ['PodDisruptionBudget', 'at least one', { spec: { minAvailable: 1 } }, ['x', '1', 'N/A', 0, '5m']],
    [
      'HorizontalPodAutoscaler',
      'without metrics',
      { spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' }, maxReplicas: 3 } },
      ['x', 'Deployment/web', 'cpu: <unknown>/80%', '1', 3, 0, '5m'],
    ],
    ['Lease', 'held', { spec: { holderIdentity: 'node-1' } }, ['x', 'node-1', '5m']],
    ['ValidatingWebhookConfiguration', 'two', { webhooks: [{}, {}] }, ['x', 2, '5m']],
    ['PriorityClass', 'plain', { value: 5 }, ['x', 5, false, '5m', 'PreemptLowerPriority']],
    [
      'StorageClass',
      'the default one',
      { metadata: { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }, provisioner: 'p' },
      ['x (default)', 'p', 'Delete', 'Immediate', 'false', '5m'],
    ],
    [
      'PersistentVolumeClaim',
      'waiting',
      { spec: { accessModes: ['ReadWriteOnce'], storageClassName: 'standard' } },
      ['x', 'Pending', '', '', '', 'standard', '<unset>', '5m', 'Filesystem'],
    ],
    [
      'ResourceQuota',
      'requests and limits',
      { spec: { hard: { pods: '5', 'limits.cpu': '2' } }, status: { used: { pods: '1' } } },
      ['x', 'pods: 1/5', 'limits.cpu: 0/2', '5m'],
    ],
    [
      'CertificateSigningRequest',
      'approved',
      {
        spec: { signerName: 's', username: 'u', expirationSeconds: 3600 },
        status: { conditions: [{ type: 'Approved', status: 'True' }], certificate: 'c' },
      },
      ['x', '5m', 's', 'u', '60m', 'Approved,Issued'],
    ],
    [
      'ControllerRevision',
      'of a set',
      {
        metadata: {
          ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'u', controller: true }],
        },
        revision: 2,
      },
      ['x', 'statefulset.apps/db', 2, '5m'],
    ],
  ])('%s: %s', (kind, _name, fields, cells) => {
    const { metadata: more = {}, ...rest } = fields as { metadata?: object }
    expect(row(kind, { metadata: { ...metadata, ...more }, ...rest }, { wide: true, now })).toEqual(cells)
  })

  test('a balancer with a long address is cut', () => {
    const status = { loadBalancer: { ingress: [{ hostname: 'a-very-long-name.example.com' }] } }
    const spec = { type: 'LoadBalancer', clusterIPs: ['10.96.0.9'], ports: [{ port: 80 }] }
    expect(row('Service', { spec, status }, { now })[3]).toBe('a-very-long-n...')
  })

  test.each(builtinKinds().map((kind) => [kind.kind, kind] as const))(
    '%s: an empty object has all cells',
    (name, kind) => {
      const object = objectOf(name, {})
      for (const { cell } of kind.columns) expect(['string', 'number', 'boolean']).toContain(typeof cell(object, now))
    },
  )
})
