import { expect, test } from 'vitest'
import { catalogueSays, findImage, images } from '../../../src/embedded/workloads/catalogue.ts'
import { fullName, parseImage, repositoryOf } from '../../../src/embedded/workloads/image-reference.ts'

const digest = `sha256:${'a'.repeat(64)}`

test.each([
  ['nginx', 'docker.io/library/nginx:latest', 'nginx'],
  ['nginx:1.27', 'docker.io/library/nginx:1.27', 'nginx'],
  ['library/nginx', 'docker.io/library/nginx:latest', 'nginx'],
  ['docker.io/nginx', 'docker.io/library/nginx:latest', 'nginx'],
  ['index.docker.io/library/nginx', 'docker.io/library/nginx:latest', 'nginx'],
  ['curlimages/curl:8.15.0', 'docker.io/curlimages/curl:8.15.0', 'curlimages/curl'],
  ['localhost:5000/a/b:c', 'localhost:5000/a/b:c', 'localhost:5000/a/b'],
  ['localhost/x', 'localhost/x:latest', 'localhost/x'],
  [`busybox@${digest}`, `docker.io/library/busybox@${digest}`, 'busybox'],
  [`busybox:1.36@${digest}`, `docker.io/library/busybox:1.36@${digest}`, 'busybox'],
  ['registry.k8s.io/pause:3.10', 'registry.k8s.io/pause:3.10', 'registry.k8s.io/pause'],
])('%s is %s', (written, full, repository) => {
  const parsed = parseImage(written)
  expect(parsed && fullName(parsed)).toBe(full)
  expect(parsed && repositoryOf(parsed)).toBe(repository)
})

test.each(['', 'Nginx', 'nginx:', 'nginx:bad tag', 'a//b', 'nginx@sha256:12', ':1', 'http://nginx'])(
  '%j is no image reference',
  (written) => expect(parseImage(written)).toBeUndefined(),
)

test.each([
  ['docker.io/istio/tcp-echo-server:1.3', 'istio/tcp-echo-server'],
  ['registry.k8s.io/e2e-test-images/agnhost:2.53', 'registry.k8s.io/e2e-test-images/agnhost'],
  ['ghcr.io/mendhak/http-https-echo:37', 'mendhak/http-https-echo'],
  ['busybox', 'busybox'],
])('%s runs %s', (written, repository) => expect(findImage(written)?.repository).toBe(repository))

test.each(['redis', 'quay.io/nginx', 'istio/unknown:1'])('%s is not in the catalogue', (written) =>
  expect(findImage(written)).toBeUndefined(),
)

test('the catalogue names every image', () => {
  for (const { repository } of images) expect(catalogueSays()).toContain(repository)
})
