/**
 * Pod Security admission: refuses pods, and warns about them and about the templates of workloads, as the labels of the
 * namespace say. Follows kubernetes/pod-security-admission admission/admission.go.
 *
 * Not modelled: `audit` (there is no audit log), exemptions and defaults from a configuration file.
 */
import type { KubeObject, ObjectMeta } from '../../../kube/api.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../admission.ts'
import { forbidden, invalid } from '../../apiserver/errors.ts'
import type { Registry } from '../../registry.ts'
import { containersOf, type SecuredPod } from './pod.ts'
import { compareLevels, details, isSame, policyOf, type Standard, textOf, violationsOf } from './policy.ts'

const namespaces = { group: '', resource: 'namespaces' }
const pods = { group: '', resource: 'pods' }

/** Subresources of pods that change nothing of what a pod may do. */
const harmless = new Set(['attach', 'binding', 'eviction', 'exec', 'log', 'portforward', 'proxy', 'status'])
const workloads = new Set([
  '/podtemplates',
  '/replicationcontrollers',
  'apps/daemonsets',
  'apps/deployments',
  'apps/replicasets',
  'apps/statefulsets',
  'batch/cronjobs',
  'batch/jobs',
])

const mostPodsChecked = 3000

interface Template {
  metadata?: Partial<ObjectMeta>
  spec?: SecuredPod['spec']
}

const securedOf = (template: Template | undefined): SecuredPod | undefined =>
  template && { annotations: template.metadata?.annotations ?? {}, spec: template.spec ?? {} }

const templateOf = (object: KubeObject): Template | undefined => {
  if (object.kind === 'PodTemplate') return object.template as Template | undefined
  const spec = object.spec as { template?: Template; jobTemplate?: { spec?: { template?: Template } } } | undefined
  return object.kind === 'CronJob' ? spec?.jobTemplate?.spec?.template : spec?.template
}

/** Of what may change in a pod that runs, only images and new containers matter. */
const isSignificant = (pod: SecuredPod, old: SecuredPod): boolean => {
  const images = ({ spec }: SecuredPod) => [spec.containers, spec.initContainers].map((all) => all?.map((c) => c.image))
  const before = new Map((old.spec.ephemeralContainers ?? []).map(({ name, image }) => [name, image]))
  return (
    JSON.stringify(images(pod)) !== JSON.stringify(images(old)) ||
    (pod.spec.ephemeralContainers ?? []).some(({ name, image }) => before.get(name) !== image)
  )
}

/** What the pods that are there would be refused for: once for each set of reasons, with the first pod's name. */
const warningsFor = (registry: Registry, namespace: string, standard: Standard): string[] => {
  const found = new Map<string, string[]>()
  const all = registry.list(pods, { namespace })
  for (const pod of all.slice(0, mostPodsChecked)) {
    const reasons = violationsOf(standard, securedOf(pod as Template)!)
      .map(({ reason }) => reason)
      .join(', ')
    if (reasons) found.set(reasons, [...(found.get(reasons) ?? []), pod.metadata.name])
  }
  if (found.size === 0) return []
  const others = (count: number) =>
    count === 1 ? '' : count === 2 ? ' (and 1 other pod)' : ` (and ${count - 1} other pods)`
  return [
    `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${textOf(standard)}"`,
    ...[...found].map(([reasons, names]) => `${[...names].sort()[0]}${others(names.length)}: ${reasons}`).sort(),
  ]
}

export const podSecurityPlugin = (registry: Registry): AdmissionPlugin => {
  const checkNamespace = ({ object, oldObject, name = '', warn }: AdmissionRequest): void => {
    const { policy, errors } = policyOf(object!.metadata.labels)
    const before = oldObject && policyOf(oldObject.metadata.labels)
    if (errors.length > 0 && JSON.stringify(errors) !== JSON.stringify(before?.errors ?? []))
      throw invalid({ group: '', kind: 'Namespace' }, name, errors)
    if (!before) return
    const old = before.policy.enforce
    const isRelaxed = policy.enforce.version === old.version && compareLevels(policy.enforce, old) <= 0
    if (isSame(policy.enforce, old) || isRelaxed) return
    for (const text of warningsFor(registry, name, policy.enforce)) warn(text)
  }

  const checkPod = (request: AdmissionRequest, pod: SecuredPod, enforced: boolean): void => {
    if (containersOf(pod).length === 0) return
    const home = registry.get(namespaces, request.namespace ?? '')
    const { policy } = policyOf(home?.metadata.labels)
    if (enforced) {
      const violations = violationsOf(policy.enforce, pod)
      if (violations.length > 0) {
        const says = `violates PodSecurity "${textOf(policy.enforce)}": ${details(violations)}`
        throw forbidden(pods, request.object?.metadata.name ?? '', says)
      }
    }
    const violations = violationsOf(policy.warn, pod)
    if (violations.length > 0)
      request.warn(`would violate PodSecurity "${textOf(policy.warn)}": ${details(violations)}`)
  }

  return {
    name: 'PodSecurity',
    validate: (request) => {
      const { operation, group, resource, subresource, object, oldObject } = request
      if (operation === 'DELETE' || !object) return
      if (group === '' && resource === 'namespaces') {
        if (!subresource) checkNamespace(request)
      } else if (group === '' && resource === 'pods') {
        if (harmless.has(subresource ?? '')) return
        const pod = securedOf(object as Template)!
        if (!oldObject || isSignificant(pod, securedOf(oldObject as Template)!)) checkPod(request, pod, true)
      } else if (!subresource && workloads.has(`${group}/${resource}`)) {
        const template = securedOf(templateOf(object))
        if (template) checkPod(request, template, false)
      }
    },
  }
}
