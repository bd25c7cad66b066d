/** Refusals in the server's own words, row by row. */
import { describe, expect, test } from 'vitest'
import { problems, selector, template } from './records.ts'

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const pod = (fields: object) => ({ spec: { containers: [{ name: 'c', image: 'nginx' }], ...fields } })
const one = (fields: object) => ({ spec: { containers: [{ name: 'c', image: 'nginx', ...fields }] } })
const deployment = (fields: object) => ({ spec: { selector, template: template(), ...fields } })
const service = (fields: object) => ({ spec: { ports: [{ port: 80 }], clusterIP: '10.96.0.9', ...fields } })
const job = (fields: object) => ({
  spec: { manualSelector: true, selector, template: template({ restartPolicy: 'Never' }), ...fields },
})
const podUpdates =
  'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n'

describe('on creation', () => {
  test.each<[string, object, string[]]>([
    ['Pod', pod({}), []],
    ['Pod', { spec: {} }, ['spec.containers: Required value']],
    ['Pod', one({ image: '' }), ['spec.containers[0].image: Required value']],
    ['Pod', one({ name: undefined }), ['spec.containers[0].name: Required value']],
    ['Pod', one({ name: 'A_b' }), [`spec.containers[0].name: Invalid value: "A_b": ${label}`]],
    [
      'Pod',
      pod({
        containers: [
          { name: 'c', image: 'a' },
          { name: 'c', image: 'b' },
        ],
      }),
      ['spec.containers[1].name: Duplicate value: "c"'],
    ],
    [
      'Pod',
      pod({ restartPolicy: 'Sometimes' }),
      ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"'],
    ],
    [
      'Pod',
      one({ ports: [{ containerPort: 99999 }] }),
      ['spec.containers[0].ports[0].containerPort: Invalid value: 99999: must be between 1 and 65535, inclusive'],
    ],
    ['Pod', one({ ports: [{}] }), ['spec.containers[0].ports[0].containerPort: Required value']],
    [
      'Pod',
      one({ volumeMounts: [{ name: 'data', mountPath: '/data' }] }),
      ['spec.containers[0].volumeMounts[0].name: Not found: "data"'],
    ],
    [
      'Pod',
      one({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
      ['spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1'],
    ],
    // Upstream: IsOvercommitAllowed and IsIntegerResourceName ask only of resources outside *kubernetes.io/.
    ['Pod', one({ resources: { requests: { 'kubernetes.io/batteries': '500m' } } }), []],
    [
      'Pod',
      one({ resources: { requests: { 'example.com/gpu': '1' } } }),
      ['spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources'],
    ],
    [
      'Pod',
      one({ resources: { limits: { 'example.com/gpu': '500m' } } }),
      ['limits', 'requests'].map(
        (which) => `spec.containers[0].resources.${which}[example.com/gpu]: Invalid value: "500m": must be an integer`,
      ),
    ],
    [
      'Pod',
      one({ imagePullPolicy: 'Maybe' }),
      [
        'spec.containers[0].imagePullPolicy: Unsupported value: "Maybe": supported values: "Always", "IfNotPresent", "Never"',
      ],
    ],
    [
      'Pod',
      one({ readinessProbe: {} }),
      ['spec.containers[0].readinessProbe: Required value: must specify a handler type'],
    ],
    [
      'Pod',
      one({ readinessProbe: { httpGet: { port: 80 }, tcpSocket: { port: 80 } } }),
      ['spec.containers[0].readinessProbe.tcpSocket: Forbidden: may not specify more than 1 handler type'],
    ],
    ['Deployment', deployment({}), []],
    [
      'Deployment',
      { spec: { template: template() } },
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
      ],
    ],
    [
      'Deployment',
      deployment({ template: template({}, { app: 'b' }) }),
      ['spec.template.metadata.labels: Invalid value: {"app":"b"}: `selector` does not match template `labels`'],
    ],
    [
      'Deployment',
      deployment({ replicas: -1 }),
      ['spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      'Deployment',
      deployment({ template: template({ restartPolicy: 'Never' }) }),
      ['spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'],
    ],
    [
      'Deployment',
      deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } }),
      ['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'],
    ],
    [
      'Deployment',
      deployment({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
      ["spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"],
    ],
    ['Service', service({}), []],
    ['Service', service({ ports: [] }), ['spec.ports: Required value']],
    ['Service', service({ clusterIP: 'None', ports: [] }), []],
    ['Service', service({ ports: [{ port: 80 }, { name: 'b', port: 81 }] }), ['spec.ports[0].name: Required value']],
    [
      'Service',
      service({ ports: [{ port: 0 }] }),
      [
        'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.ports[0].targetPort: Invalid value: 0: must be between 1 and 65535, inclusive',
      ],
    ],
    [
      'Service',
      service({ type: 'Public' }),
      [
        'spec.type: Unsupported value: "Public": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
      ],
    ],
    ['Service', { spec: { type: 'ExternalName' } }, ['spec.externalName: Required value']],
    [
      'ConfigMap',
      { data: { 'a b': '' } },
      [
        `data[a b]: Invalid value: "a b": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
      ],
    ],
    ['Secret', { type: 'kubernetes.io/dockerconfigjson' }, ['data[.dockerconfigjson]: Required value']],
    ['Secret', { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }, ['data[tls.key]: Required value']],
    ['Job', job({}), []],
    [
      'Job',
      job({ template: template() }),
      ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
    ],
    [
      'CronJob',
      {
        spec: {
          schedule: 'hourly',
          jobTemplate: { spec: { template: template({ restartPolicy: 'Never' }) } },
        },
      },
      ['spec.schedule: Invalid value: "hourly": expected exactly 5 fields, found 1: [hourly]'],
    ],
    [
      'Ingress',
      {
        spec: {
          rules: [{ http: { paths: [{ path: '/', backend: { service: { name: 's', port: { number: 80 } } } }] } }],
        },
      },
      ['spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified'],
    ],
    [
      'NetworkPolicy',
      { spec: { podSelector: {}, ingress: [{ from: [{}] }], policyTypes: ['Both'] } },
      [
        'spec.ingress[0].from[0]: Required value: must specify a peer',
        'spec.policyTypes[0]: Unsupported value: "Both": supported values: "Ingress", "Egress"',
      ],
    ],
    [
      'NetworkPolicy',
      { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0' } }] }] } },
      [
        'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    [
      'Role',
      { rules: [{ verbs: [], apiGroups: [''], resources: ['pods'] }] },
      ['rules[0].verbs: Required value: verbs must contain at least one value'],
    ],
    ['RoleBinding', { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'ServiceAccount', name: 's' }] }, []],
    [
      'ClusterRoleBinding',
      { roleRef: { kind: 'Role', name: 'r' } },
      ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
    ],
    [
      'PodDisruptionBudget',
      { spec: { minAvailable: 1, maxUnavailable: 1 } },
      [
        'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
      ],
    ],
  ])('%s %j', (kind, fields, expected) => {
    expect(problems(kind, fields)).toEqual(expected)
  })
})

describe('on updates', () => {
  const stateful = { spec: { selector, template: template(), serviceName: 'a' } }
  test.each<[string, string, object, object, string[]]>([
    ['Pod', 'another image', one({ image: 'nginx:2', imagePullPolicy: 'Always' }), one({}), []],
    ['Pod', 'another command', one({ command: ['sh'] }), one({}), [podUpdates]],
    ['Pod', 'its first node', pod({ nodeName: 'node-1' }), pod({}), []],
    ['Pod', 'another node', pod({ nodeName: 'node-2' }), pod({ nodeName: 'node-1' }), [podUpdates]],
    ['Pod', 'one more toleration', pod({ tolerations: [{ key: 'a', operator: 'Exists' }] }), pod({}), []],
    [
      'Pod',
      'one more container',
      pod({
        containers: [
          { name: 'c', image: 'nginx' },
          { name: 'd', image: 'nginx' },
        ],
      }),
      pod({}),
      ['spec.containers: Forbidden: pod updates may not add or remove containers'],
    ],
    [
      'Deployment',
      'another selector',
      deployment({
        selector: { matchLabels: { app: 'web', tier: 'a' } },
        template: template({}, { app: 'web', tier: 'a' }),
      }),
      deployment({}),
      ['spec.selector: Invalid value: {"matchLabels":{"app":"web","tier":"a"}}: field is immutable'],
    ],
    [
      'Service',
      'another address',
      service({ clusterIPs: ['10.96.0.8'] }),
      service({ clusterIPs: ['10.96.0.9'] }),
      ['spec.clusterIPs[0]: Invalid value: ["10.96.0.8"]: may not change once set'],
    ],
    [
      'ConfigMap',
      'frozen data',
      { immutable: true, data: { a: '2' } },
      { immutable: true, data: { a: '1' } },
      ['data: Forbidden: field is immutable when `immutable` is set'],
    ],
    ['Secret', 'another type', { type: 'x/y' }, {}, ['type: Invalid value: "x/y": field is immutable']],
    [
      'RoleBinding',
      'another role',
      { roleRef: { kind: 'Role', name: 'b' } },
      { roleRef: { kind: 'Role', name: 'a' } },
      [
        'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"b"}: cannot change roleRef',
      ],
    ],
    ['StatefulSet', 'more replicas', { spec: { ...stateful.spec, replicas: 5 } }, stateful, []],
    [
      'StatefulSet',
      'another service',
      { spec: { ...stateful.spec, serviceName: 'b' } },
      stateful,
      [
        "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
      ],
    ],
  ])('%s: %s', (kind, _name, fields, old, expected) => {
    expect(problems(kind, fields, old)).toEqual(expected)
  })
})
