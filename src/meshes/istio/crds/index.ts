import type { KubeObject } from '../../../kube/api.ts'

export const crds = (): KubeObject[] => []
