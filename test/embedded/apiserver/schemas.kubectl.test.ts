/** What kubectl learns about types, and what it is told about bodies: explain, api-resources, CRDs, typos. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../../src/embedded/server.ts'
import { widgetCrd } from '../crds/widget.ts'
import { type Kubectl, kubectlFor, kubectls } from '../kubectl.ts'

const found = kubectls(['1.27', '1.30', '1.33'])
if (found.length === 0) console.warn('kubectl is not installed: its tests are skipped (set KUBECTL to name one)')

const crd = widgetCrd({
  subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
  additionalPrinterColumns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Tags', type: 'string', jsonPath: '.spec.tags', priority: 1 },
  ],
})
const widget = (name: string, spec: object) =>
  JSON.stringify({ apiVersion: 'ex.io/v1', kind: 'Widget', metadata: { name }, spec })

describe.each(found)('%s', (binary) => {
  let embedded: EmbeddedCluster
  let served: ServedCluster
  let kubectl: Kubectl
  beforeAll(async () => {
    embedded = await createEmbeddedCluster()
    served = await serve(embedded)
    kubectl = kubectlFor(binary, served.kubeconfig)
    await kubectl.piped(JSON.stringify(crd), 'apply', '-f', '-')
    await kubectl('wait', '--for=condition=Established', 'crd/widgets.ex.io', '--timeout=20s')
  })
  afterAll(async () => {
    kubectl.remove()
    await served.close()
    embedded.stop()
  })

  test.each<[string[], RegExp]>([
    [
      ['explain', 'pod.spec.containers'],
      /FIELD: containers <\[\]Container>[\s\S]*image\t<string>[\s\S]*name\t<string> -required-/,
    ],
    [
      ['explain', 'deployment', '--recursive'],
      /selector\t<LabelSelector> -required-[\s\S]*containers\t<\[\]Container> -required-/,
    ],
    [['explain', 'deployment.spec.replicas'], /FIELD: replicas <integer>[\s\S]*How many pods should run/],
    [['explain', 'crd.spec.versions.schema'], /openAPIV3Schema\t<JSONSchemaProps>/],
    [
      ['explain', 'widget.spec.match'],
      /GROUP:\s+ex\.io\nKIND:\s+Widget[\s\S]*FIELD: match <Object>[\s\S]*exact\t<string>/,
    ],
    [['explain', 'wd', '--recursive'], /metadata\t<ObjectMeta>[\s\S]*spec\t<Object>[\s\S]*size\t<integer> -required-/],
    [['api-resources', '--api-group=ex.io', '--no-headers'], /^widgets\s+wd\s+ex\.io\/v1\s+true\s+Widget\n$/],
    [['api-versions'], /^admissionregistration\.k8s\.io\/v1\n[\s\S]*\nex\.io\/v1\n[\s\S]*\nv1\n$/],
  ])('%j', async (args, output) => {
    const { code, stdout, stderr } = await kubectl(...args)
    expect({ code, stderr, stdout }).toEqual({ code: 0, stderr: '', stdout: expect.stringMatching(output) })
  })

  test('explain says which field does not exist', async () => {
    const { code, stderr } = await kubectl('explain', 'pod.spec.nope')
    expect(code).toBe(1)
    expect(stderr).toContain('field "nope" does not exist')
  })

  test.each<[string, object, string]>([
    [
      'a typo in a built-in kind',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd', lables: {} }, spec: { replica: 1 } },
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "metadata.lables", unknown field "spec.replica"',
    ],
    [
      'a wrong type',
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec: { replicas: 'two' } },
      'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'a typo in a custom kind',
      JSON.parse(widget('x', { size: 1, colour: 'red' })),
      'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.colour"',
    ],
    [
      'a bad value in a custom kind',
      JSON.parse(widget('x', { size: 11 })),
      'The Widget "x" is invalid: spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10',
    ],
    [
      'a broken rule',
      JSON.parse(widget('x', { size: 1, replicas: 2 })),
      'The Widget "x" is invalid: spec: Invalid value: replicas must not exceed size',
    ],
  ])('create refuses %s', async (_name, object, message) => {
    const { code, stderr } = await kubectl.piped(JSON.stringify(object), 'create', '-f', '-')
    expect(code).toBe(1)
    expect(stderr).toContain(message)
  })

  test('apply, get, scale, patch and delete a custom object', async () => {
    const spec = { size: 3, tags: ['a', 'b'] }
    expect((await kubectl.piped(widget('w', spec), 'apply', '-f', '-')).stdout).toBe('widget.ex.io/w created\n')
    expect((await kubectl.piped(widget('w', spec), 'apply', '-f', '-')).stdout).toBe('widget.ex.io/w unchanged\n')
    expect((await kubectl('get', 'wd')).stdout).toMatch(/^NAME\s+SIZE\nw\s+3\n$/)
    expect((await kubectl('get', 'wd', '-o', 'wide')).stdout).toMatch(/^NAME\s+SIZE\s+TAGS\nw\s+3\s+\["a","b"\]\n$/)
    expect((await kubectl('scale', 'wd', 'w', '--replicas=2')).stdout).toBe('widget.ex.io/w scaled\n')
    expect((await kubectl('patch', 'wd', 'w', '--type=merge', '-p', '{"spec":{"size":2}}')).stderr).toContain(
      'size may only grow',
    )
    expect((await kubectl('get', 'wd', 'w', '-o', 'jsonpath={.spec.replicas} {.spec.color}')).stdout).toBe('2 red')
    expect((await kubectl('delete', 'wd', 'w')).stdout).toMatch(/^widget\.ex\.io "w" deleted/)
  })
})
