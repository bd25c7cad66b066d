/** The pause container: does nothing until it is told to stop. */
import type { Image } from '../workload.ts'

export const pauseImage: Image = {
  repository: 'registry.k8s.io/pause',
  says: 'does nothing',
  entrypoint: ['/pause'],
  userland: 'busybox',
  programs: { pause: () => ({ ports: [], onTerm: 0 }) },
}
