/** Which images a bundle has to hold, and what they are called where. */
import { expect, test } from 'vitest'
import { fullName, imagesIn, imagesInText, imagesOfObjects } from '../../../src/providers/kind/bundle/images.ts'
import { ownDigest } from '../../../src/providers/kind/bundle/make.ts'

const sum = `sha256:${'a'.repeat(64)}`

test.each<[string, string, string[]]>([
  [
    'pods',
    'spec:\n  containers:\n  - image: quay.io/a/b:1\n    name: x\n---\nspec: {template: {spec: {containers: [{image: "c/d:2"}]}}}',
    ['quay.io/a/b:1', 'c/d:2'],
  ],
  ['by digest', `image: quay.io/a/b:1@${sum}`, [`quay.io/a/b:1@${sum}`]],
  [
    'istiod brings its proxy',
    'image: "docker.io/istio/pilot:1.30.3"',
    ['docker.io/istio/pilot:1.30.3', 'docker.io/istio/proxyv2:1.30.3'],
  ],
  // istio/istio manifests/charts/istio-control/istio-discovery/files/injection-template.yaml: busybox, for core dumps.
  [
    'templates of the injector are none',
    'data:\n  config: |\n    templates:\n      sidecar: |\n        image: busybox:1.28\n',
    [],
  ],
  ['words and maps are none', 'image: auto\n---\nimage:\n  repository: x/y', []],
  [
    'Consul’s dataplane',
    'args:\n- -consul-dataplane-image="hashicorp/consul-dataplane:2.0.1" \\',
    ['hashicorp/consul-dataplane:2.0.1'],
  ],
])('of a chart: %s', (_, text, expected) => {
  expect(imagesIn(text)).toEqual(expected)
})

test('in a lesson’s text, wherever', () => {
  expect(imagesInText('apply:\n  - image: a/b:1 \n  image: auto\n image: "{{ x }}"')).toEqual(['a/b:1'])
})

test('in objects, wherever', () => {
  expect(
    imagesOfObjects([{ spec: { template: { spec: { containers: [{ image: 'a/b:1' }, { image: 'auto' }] } } } }]),
  ).toEqual(['a/b:1'])
})

// containerd's names: distribution/reference normalize.go.
test.each([
  ['curlimages/curl:8', 'docker.io/curlimages/curl:8'],
  ['busybox:1', 'docker.io/library/busybox:1'],
  ['localhost:5000/a:1', 'localhost:5000/a:1'],
  ['quay.io/a/b:1', 'quay.io/a/b:1'],
])('%s is %s to a node', (image, expected) => expect(fullName(image)).toBe(expected))

test('the digest is the one of the image’s own repository', () => {
  const printed = `mirror.example/curl@sha256:${'b'.repeat(64)}\ncurlimages/curl@${sum}\n`
  expect(ownDigest('curlimages/curl:8', printed)).toBe(sum)
  expect(ownDigest('docker.io/curlimages/curl:8', printed)).toBe(sum)
  expect(ownDigest('a/b:1', '\n')).toBeUndefined()
})
