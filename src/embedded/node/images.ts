/** Getting an image, as the kubelet tells it. Nothing is pulled: the catalogue has an image or it has not. */
import { createHash } from 'node:crypto'
import { catalogueSays, findImage } from '../workloads/catalogue.ts'
import { fullName, parseImage } from '../workloads/image-reference.ts'
import type { Image } from '../workloads/workload.ts'

interface Told {
  /** The image as the container status shows it. */
  shown: string
  events: { type: 'Normal' | 'Warning'; reason: string; message: string }[]
}

export type Pulled =
  | (Told & { image: Image; id: string })
  /** The states that the container goes through, the last one to stay in. */
  | (Told & { waits: { reason: string; message: string }[] })

const warning = (message: string, reason = 'Failed') => ({ type: 'Warning' as const, reason, message })
const normal = (reason: string, message: string) => ({ type: 'Normal' as const, reason, message })

export const pullImage = (written: string): Pulled => {
  const reference = parseImage(written)
  if (!reference) {
    const message = `Failed to apply default image tag "${written}": couldn't parse image name "${written}": invalid reference format`
    return {
      shown: written,
      events: [warning(message, 'InspectFailed'), warning('Error: InvalidImageName')],
      waits: [{ reason: 'InvalidImageName', message }],
    }
  }
  const name = fullName(reference)
  const image = findImage(written)
  if (image) {
    const hash = createHash('sha256').update(name).digest('hex')
    return {
      shown: name,
      events: [normal('Pulled', `Container image "${written}" already present on machine`)],
      image,
      id: `${reference.registry}/${reference.path}@sha256:${hash}`,
    }
  }
  const message = `failed to pull and unpack image "${name}": ${catalogueSays()}`
  const backOff = `Back-off pulling image "${written}"`
  return {
    shown: written,
    events: [
      normal('Pulling', `Pulling image "${written}"`),
      warning(`Failed to pull image "${written}": ${message}`),
      warning('Error: ErrImagePull'),
      normal('BackOff', backOff),
      warning('Error: ImagePullBackOff'),
    ],
    waits: [
      { reason: 'ErrImagePull', message },
      { reason: 'ImagePullBackOff', message: `${backOff}: ErrImagePull: ${message}` },
    ],
  }
}
