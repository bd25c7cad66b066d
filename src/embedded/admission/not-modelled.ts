/** Says it aloud when somebody stores an object that a real cluster would act on and this one does not. */
import type { AdmissionPlugin } from '../admission.ts'

const idle: Record<string, string> = {
  'horizontalpodautoscalers.autoscaling': 'there are no metrics to scale by, only minReplicas and maxReplicas hold',
  'ingresses.networking.k8s.io': 'no traffic is routed by it',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io':
    'no webhook is called; what it matches is refused, or let in where failurePolicy is Ignore',
  'persistentvolumeclaims.': 'no volume is bound to it',
  'replicationcontrollers.': 'no pods are made from it; use a Deployment',
  'validatingwebhookconfigurations.admissionregistration.k8s.io':
    'no webhook is called; what it matches is refused, or let in where failurePolicy is Ignore',
}

/** A warning, which kubectl prints, for each such object that is created. The mesh's own objects carry no warning. */
export const notModelledPlugin: AdmissionPlugin = {
  name: 'NotModelled',
  validate: ({ operation, group, resource, subresource, object, warn }) => {
    if (operation === 'DELETE' || subresource || !object) return
    const effect = idle[`${resource}.${group}`]
    if (effect && operation === 'CREATE') {
      warn(`${object.kind} is stored but not modelled by this simulated cluster: ${effect}`)
    }
  },
}
