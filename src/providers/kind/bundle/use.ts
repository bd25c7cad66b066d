/** Whether a bundle will do for a cluster, and getting at what is in it. */
import { dirname } from 'node:path'
import type { Watching } from '../make.ts'
import { bundledNode, type ClusterSpec } from '../plan.ts'
import type { CreateOptions } from '../specify.ts'
import { BundleRefused, type BundleUse } from './contents.ts'
import { fullName, tagged } from './images.ts'
import { ownArchitecture, requireRoom } from './make.ts'
import { readIndex, unpack } from './unpack.ts'

/** What is wanted of a bundle, against what it says of itself. Throws `BundleRefused`. */
export const checkBundle = async (
  file: string,
  { mesh, version, images }: Pick<CreateOptions, 'mesh' | 'version'> & { images: readonly string[] },
): Promise<{ version: string; use: Omit<BundleUse, 'folder'> }> => {
  const index = await readIndex(file)
  if (index.mesh !== mesh)
    throw new BundleRefused(
      `${file} is for ${index.mesh} ${index.version}, not for ${mesh}: say --mesh ${index.mesh}, or make one for ${mesh}`,
    )
  if (version !== undefined && version !== index.version)
    throw new BundleRefused(
      `${file} has ${mesh} ${index.version}, not ${version}: leave --mesh-version out, or make one with --mesh-version ${version}`,
    )
  const arch = ownArchitecture()
  const found = arch && index.images[arch]
  if (!arch || !found)
    throw new BundleRefused(
      `${file} is for ${Object.keys(index.images).join(' and ')}, and this machine is ${arch ?? process.arch}: make one with --arch ${arch ?? 'amd64'}`,
    )
  const names = found.map(({ name }) => name)
  const missing = images.filter((image) => !names.some((name) => fullName(name) === fullName(tagged(image))))
  if (missing.length)
    throw new BundleRefused(
      `${file} has not what the lab runs (${missing.join(', ')}): make it again with this meshdojo`,
    )
  return { version: index.version, use: { file, arch, node: bundledNode(index.node), images: names } }
}

/** Unpacks the bundle of a cluster, where there is room. Throws `BundleRefused`, `NoRoom`. */
export const unpackFor = async ({ bundle }: Pick<ClusterSpec, 'bundle'>, { signal }: Watching): Promise<void> => {
  if (!bundle) return
  const { file, arch, folder } = bundle
  const { files } = await readIndex(file)
  const bytes = files.filter(({ name }) => name.startsWith(`${arch}/`)).reduce((sum, each) => sum + each.bytes, 0)
  await requireRoom(dirname(folder), bytes, 'unpacking the bundle')
  await unpack(file, arch, folder, signal)
}
