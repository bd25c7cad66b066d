/** What becomes of values: of a wrong type, and as Go would write them again. */
import { describe, expect, test } from 'vitest'
import type { Json } from '../../../../src/kube/api.ts'
import { asDeployment, container, decode, deployment, type Name, refusal } from './fixture.ts'

describe('values of a wrong type', () => {
  test.each<[Name, Json, string]>([
    [
      'Deployment',
      deployment({ replicas: 'two' }),
      `${asDeployment}json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      'Deployment',
      deployment({ replicas: 1.5 }),
      `${asDeployment}json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32`,
    ],
    [
      'Deployment',
      deployment([]),
      `${asDeployment}json: cannot unmarshal array into Go struct field Deployment.spec of type v1.DeploymentSpec`,
    ],
    [
      'Deployment',
      container('x'),
      `${asDeployment}json: cannot unmarshal string into Go struct field PodSpec.spec.template.spec.containers of type v1.Container`,
    ],
    [
      'Deployment',
      deployment({ template: { spec: { containers: {} } } }),
      `${asDeployment}json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container`,
    ],
    [
      'Deployment',
      container({ args: 'x' }),
      `${asDeployment}json: cannot unmarshal string into Go struct field Container.spec.template.spec.containers.args of type []string`,
    ],
    [
      'Deployment',
      container({ env: [{ name: 'A', value: 1 }] }),
      `${asDeployment}json: cannot unmarshal number into Go struct field EnvVar.spec.template.spec.containers.env.value of type string`,
    ],
    [
      'Deployment',
      container({ resources: { limits: { cpu: 'lots' } } }),
      `${asDeployment}quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
    ],
    [
      'ConfigMap',
      { data: { a: 1 } },
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
    [
      'ConfigMap',
      { metadata: { labels: { a: true } } },
      'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      'Secret',
      { data: { a: 'not base64!' } },
      'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3',
    ],
    [
      'Service',
      { spec: { ports: [{ port: 80, targetPort: {} }] } },
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal object into Go struct field ServicePort.spec.ports.targetPort of type int32',
    ],
    [
      'CustomResourceDefinition',
      { spec: { versions: [{ schema: { openAPIV3Schema: { properties: { a: { type: 1 } } } } }] } },
      'CustomResourceDefinition in version "v1" cannot be handled as a CustomResourceDefinition: json: cannot unmarshal number into Go struct field JSONSchemaProps.spec.versions.schema.openAPIV3Schema.properties.type of type string',
    ],
  ])('%s %j', async (kind, body, message) => {
    expect(await refusal(decode(kind, body))).toEqual({ code: 400, message })
  })
})

describe('what comes out', () => {
  test('kind and apiVersion come from the URL when the body lacks them', async () => {
    expect((await decode('Deployment', { metadata: { name: 'a' } })).object).toMatchObject({
      kind: 'Deployment',
      apiVersion: 'apps/v1',
    })
  })

  test.each<[string, Name, Json, Json]>([
    [
      'nulls and empty optional values go',
      'Pod',
      { spec: { containers: [{ name: 'c', args: [], command: null, image: '' }] } },
      { spec: { containers: [{ name: 'c' }] } },
    ],
    [
      'pointers keep their zero',
      'Deployment',
      { spec: { replicas: 0, minReadySeconds: 0 } },
      { spec: { replicas: 0 } },
    ],
    [
      'structs stay',
      'Pod',
      { spec: { containers: [{ name: 'c', resources: {} }] } },
      { spec: { containers: [{ name: 'c', resources: {} }] } },
    ],
    [
      'quantities become canonical',
      'Pod',
      {
        spec: {
          containers: [
            { name: 'c', resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: 0.5 } } },
          ],
        },
      },
      {
        spec: {
          containers: [{ name: 'c', resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } }],
        },
      },
    ],
    [
      'int-or-string keeps its form',
      'Service',
      {
        spec: {
          ports: [
            { port: 80, targetPort: 'http' },
            { port: 81, targetPort: 8080 },
          ],
        },
      },
      {
        spec: {
          ports: [
            { port: 80, targetPort: 'http' },
            { port: 81, targetPort: 8080 },
          ],
        },
      },
    ],
    [
      'times are UTC in seconds',
      'Pod',
      { metadata: { creationTimestamp: '2026-11-24T12:00:00.5+02:00' } },
      { metadata: { creationTimestamp: '2026-11-24T10:00:00Z' } },
    ],
  ])('%s', async (_name, kind, body, expected) => {
    expect((await decode(kind, body)).object).toMatchObject(expected as object)
    const { kind: _kind, apiVersion: _apiVersion, metadata: _metadata, ...rest } = (await decode(kind, body)).object
    const { metadata: _ignored, ...wanted } = expected as Record<string, unknown>
    expect(rest).toEqual(wanted)
  })

  test('fields come in the order of the struct', async () => {
    const { object } = await decode('Pod', { status: {}, spec: {}, metadata: {}, kind: 'Pod', apiVersion: 'v1' })
    expect(Object.keys(object)).toEqual(['kind', 'apiVersion', 'metadata', 'spec', 'status'])
  })
})
