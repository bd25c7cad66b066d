/** The admission plugins that every cluster has, in the order in which a real API server runs them. */
import type { AdmissionPlugin } from '../admission.ts'
import type { Registry } from '../registry.ts'

/** Plugins of the API server itself; a mesh's webhooks run after their `mutate` and after validation. */
export const builtinAdmission = (_parts: { registry: Registry }): AdmissionPlugin[] => []
