/** linkerd2 controller/proxy-injector/webhook_test.go and fake/data/pod.nativesidecar.patch.json; pkg/inject/inject.go. */
import { describe, expect, test } from 'vitest'
import { linkerd } from '../../../src/meshes/linkerd/index.ts'
import { bare, namespace } from './world.ts'

const inject = 'linkerd.io/inject'

describe('injection', () => {
  test('brings a native sidecar behind its init container', () => {
    const before = bare('production/api', '')
    const pod = linkerd.inject(before, namespace('production'))
    expect(pod.spec.initContainers?.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
      ['linkerd-init', undefined],
      ['linkerd-proxy', 'Always'],
    ])
    expect(pod.spec.containers).toEqual(before.spec.containers)
    expect(pod.metadata.labels).toMatchObject({
      'linkerd.io/control-plane-ns': 'linkerd',
      'linkerd.io/workload-ns': 'production',
    })
    expect(linkerd.inject(pod, namespace('production'))).toBe(pod)
  })

  test.each([
    ['the namespace asks', 'production', {}, true],
    ['the pod asks', 'legacy', { [inject]: 'enabled' }, true],
    ['the pod does not want it', 'production', { [inject]: 'disabled' }, false],
    ['nobody asks', 'legacy', {}, false],
    ['another word', 'legacy', { [inject]: 'true' }, false],
  ])('%s', (_name, home, annotations, wanted) => {
    const pod = linkerd.inject(bare(`${home}/api`, '', annotations as Record<string, string>), namespace(home))
    expect(linkerd.isMeshed(pod)).toBe(wanted)
  })

  test('host network, no token and another mesh are left alone', () => {
    const home = namespace('production')
    const pod = bare('production/api', '')
    for (const spec of [
      { ...pod.spec, hostNetwork: true },
      { ...pod.spec, automountServiceAccountToken: false },
      { ...pod.spec, containers: [...pod.spec.containers, { name: 'istio-proxy', image: 'x' }] },
    ])
      expect(linkerd.isMeshed(linkerd.inject({ ...pod, spec }, home))).toBe(false)
  })

  test('copies the configuration of the namespace, which the pod may override', () => {
    const home = namespace('production', {
      'config.linkerd.io/default-inbound-policy': 'deny',
      'config.linkerd.io/skip-inbound-ports': '9000',
    })
    const own = { 'config.linkerd.io/default-inbound-policy': 'audit' }
    const pod = linkerd.inject(bare('production/api', '', own), home)
    expect(pod.metadata.annotations).toMatchObject({ ...own, 'config.linkerd.io/skip-inbound-ports': '9000' })
    expect(pod.spec.initContainers?.[0]?.args).toContain('4190,4191,4567,4568,9000')
  })
})
