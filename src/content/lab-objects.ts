/** A lab's manifests as objects, from their files. */
import { join } from 'node:path'
import type { KubeObject } from '../kube/api.ts'
import { parseManifests } from '../kube/manifests.ts'
import { readContentFile } from './document.ts'
import { ContentError } from './problem.ts'
import type { Lab } from './schema.ts'

/** In the order they are to be applied. Throws `ContentError` when a file is missing or does not parse. */
export const parseLabObjects = (lab: Lab, labFolder: string): KubeObject[] =>
  lab.spec.manifests.flatMap((name) => {
    const file = join(labFolder, name)
    const read = readContentFile(file)
    if ('problem' in read) throw new ContentError([read.problem])
    const { objects, problems } = parseManifests(read.text, file)
    if (problems.length > 0) throw new ContentError(problems)
    return objects.map(({ object }) => object)
  })

/** A scenario's own objects. Throws `ContentError` when the text does not parse. */
export const parseSetup = (text: string, folder = ''): KubeObject[] => {
  const { objects, problems } = parseManifests(text, join(folder, 'scenario.yaml: setup'))
  if (problems.length > 0) throw new ContentError(problems)
  return objects.map(({ object }) => object)
}
