/** Reading a bundle: whether it is one, whether all of it is there, and its files, each checked while it is written. */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs'
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import tar, { type Extract } from 'tar-stream'
import { type Architecture, type BundleIndex, BundleRefused, bundleFormat, indexFile, indexSchema } from './contents.ts'

/** An index of hundreds of images is some ten kilobytes. */
const mostIndex = 4_000_000
const again = 'make one with "meshdojo cluster bundle"'

const parseIndex = (file: string, text: string): BundleIndex => {
  let json: { format?: unknown; madeBy?: unknown }
  try {
    json = JSON.parse(text) as typeof json
  } catch {
    throw new BundleRefused(`${file} is no bundle of meshdojo (its ${indexFile} is no JSON): ${again}`)
  }
  if (typeof json?.format === 'number' && json.format !== bundleFormat)
    throw new BundleRefused(
      `${file} is of format ${json.format} (by meshdojo ${String(json.madeBy)}), and this meshdojo reads format ${bundleFormat}: use the meshdojo that made it, or ${again}`,
    )
  const parsed = indexSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new BundleRefused(`${file} is no bundle of meshdojo (${indexFile}: ${path.join('.')}: ${message}): ${again}`)
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

/** A header before each file, and padding to 512 bytes after it. */
const leastBytes = (index: BundleIndex, indexBytes: number): number =>
  [indexBytes, ...index.files.map(({ bytes }) => bytes)].reduce(
    (sum, bytes) => sum + 512 + Math.ceil(bytes / 512) * 512,
    0,
  )

const textOf = async (entry: AsyncIterable<unknown>): Promise<string> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of entry as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength
    if (size > mostIndex) return ''
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** The index, having looked at no more than the beginning and the size. Throws `BundleRefused`. */
export const readIndex = async (file: string): Promise<BundleIndex> => {
  const about = await stat(file).catch(() => undefined)
  if (!about) throw new BundleRefused(`there is no file ${file}: name a bundle, or ${again}`)
  if (!about.isFile()) throw new BundleRefused(`${file} is no file: name a bundle, or ${again}`)
  const extract = tar.extract()
  const reading = createReadStream(file)
  reading.on('error', (error) => extract.destroy(error)).pipe(extract as unknown as NodeJS.WritableStream)
  try {
    for await (const entry of extract) {
      if (entry.header.name !== indexFile) break
      const index = parseIndex(file, await textOf(entry))
      const least = leastBytes(index, entry.header.size)
      if (about.size < least)
        throw new BundleRefused(
          `${file} is cut off: ${megabytes(about.size)} of ${megabytes(least)} are there; copy it again`,
        )
      return index
    }
  } catch (error) {
    if (error instanceof BundleRefused) throw error
    throw new BundleRefused(
      `${file} cannot be read as a bundle (${(error as Error).message}): copy it again, or ${again}`,
    )
  } finally {
    reading.destroy()
    extract.destroy()
  }
  throw new BundleRefused(`${file} is no bundle of meshdojo (it does not begin with ${indexFile}): ${again}`)
}

const isFor = (arch: Architecture, name: string): boolean =>
  !/^(amd64|arm64)\//.test(name) || name.startsWith(`${arch}/`)

const writeFiles = async (extract: Extract, file: string, index: BundleIndex, arch: Architecture, draft: string) => {
  const left = new Map(index.files.map((each) => [each.name, each]))
  for await (const entry of extract) {
    const known = left.get(entry.header.name)
    left.delete(entry.header.name)
    // Names are the index's, never the tar's own.
    if (!known || !isFor(arch, known.name)) {
      entry.resume()
      continue
    }
    const path = join(draft, known.name)
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    const hash = createHash('sha256')
    const hashing = new Transform({
      transform(chunk: Uint8Array, _, done) {
        hash.update(chunk)
        done(null, chunk)
      },
    })
    await pipeline(entry, hashing, createWriteStream(path, { mode: 0o600 }))
    if (hash.digest('hex') !== known.sha256)
      throw new BundleRefused(
        `${file} is damaged: ${known.name} has not the checksum that ${indexFile} says; copy it again`,
      )
  }
  const missing = [...left.keys()].filter((name) => isFor(arch, name))
  if (missing.length) throw new BundleRefused(`${file} is cut off: ${missing.join(', ')} is not in it; copy it again`)
}

/** Writes what one architecture needs to `folder`, whole or not at all; nothing when it lies there. Throws `BundleRefused`. */
export const unpack = async (file: string, arch: Architecture, folder: string, signal?: AbortSignal): Promise<void> => {
  const index = await readIndex(file)
  const text = JSON.stringify(index)
  const mark = join(folder, indexFile)
  if (existsSync(mark) && readFileSync(mark, 'utf8') === text) return
  const draft = `${folder}.part`
  for (const each of [draft, folder]) await rm(each, { recursive: true, force: true })
  await mkdir(draft, { recursive: true, mode: 0o700 })
  const extract = tar.extract()
  const reading = createReadStream(file, { signal })
  try {
    const writing = writeFiles(extract, file, index, arch, draft)
    // Where the tar ends too early, its entries would be waited for.
    await Promise.race([writing, pipeline(reading, extract as unknown as NodeJS.WritableStream).then(() => writing)])
    await writeFile(join(draft, indexFile), text, { mode: 0o600 })
    await rename(draft, folder)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    signal?.throwIfAborted()
    if (error instanceof BundleRefused || 'code' in (error as Error)) throw error
    throw new BundleRefused(`${file} is damaged (${(error as Error).message}): copy it again`)
  } finally {
    reading.destroy()
    extract.destroy()
  }
}
