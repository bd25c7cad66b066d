/** Packing a folder into a bundle: the index, then every file it names. */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { open, readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import tar from 'tar-stream'
import { type BundleIndex, indexFile } from './contents.ts'

const sha256 = async (path: string, signal?: AbortSignal): Promise<string> => {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash, { signal })
  return hash.digest('hex')
}

/** Names, sizes and checksums of the folder's files: charts before images, so that what is small comes first. */
export const listFiles = async (folder: string, signal?: AbortSignal): Promise<BundleIndex['files']> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => entry.isFile() && !/\.(part|log)$|^child\.json$/.test(entry.name))
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
  const files: BundleIndex['files'] = []
  for (const name of names) {
    const path = join(folder, name)
    files.push({ name, bytes: (await stat(path)).size, sha256: await sha256(path, signal) })
  }
  return files.sort((one, other) => one.bytes - other.bytes)
}

/** Writes `out` whole or not at all. */
export const pack = async (folder: string, index: BundleIndex, out: string, signal?: AbortSignal): Promise<void> => {
  const packing = tar.pack()
  const draft = join(folder, 'bundle.tar.part')
  const feed = async (): Promise<void> => {
    packing.entry({ name: indexFile, mode: 0o644 }, `${JSON.stringify(index, null, 2)}\n`)
    for (const { name, bytes } of index.files)
      await pipeline(createReadStream(join(folder, name)), packing.entry({ name, size: bytes, mode: 0o644 }), {
        signal,
      })
    packing.finalize()
  }
  const feeding = feed().catch((error: Error) => packing.destroy(error))
  await pipeline(packing, createWriteStream(draft, { mode: 0o644 }), { signal })
  await feeding
  const file = await open(draft)
  await file.sync().finally(() => file.close())
  await rename(draft, out)
}
