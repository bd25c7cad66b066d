/** What is in a bundle, and how its index says so: one tar, `index.json` first, then the files that it names. */
import { z } from 'zod'

/** Grows when an older meshdojo could not use what a newer one packs. */
export const bundleFormat = 1

/** As docker and Go name architectures. */
export const architectures = ['amd64', 'arm64'] as const
export type Architecture = (typeof architectures)[number]

export const indexFile = 'index.json'
export const gatewayApiFile = 'gateway-api.yaml'
export const nodeArchive = (arch: string): string => `${arch}/node.tar`
export const imagesArchive = (arch: string): string => `${arch}/images.tar`
export const chartFile = ({ chart, version }: { chart: string; version?: string }): string =>
  `charts/${chart}-${version}.tgz`

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const image = z.object({
  /** As pods name it. */
  name: z.string(),
  /** What that name stood for when it was pulled. */
  digest,
})

export const indexSchema = z.object({
  format: z.literal(bundleFormat),
  /** The version of meshdojo. */
  madeBy: z.string(),
  mesh: z.enum(['istio', 'linkerd', 'cilium', 'consul']),
  version: z.string(),
  /** By digest, as `kind-configs/` name it. */
  node: z.string(),
  /** The images of each architecture, by its name. */
  images: z.partialRecord(z.enum(architectures), z.array(image)),
  files: z.array(
    z.object({ name: z.string().regex(/^[\w.-]+(\/[\w.-]+)?$/), bytes: z.int().nonnegative(), sha256: z.string() }),
  ),
})

export type BundleIndex = z.infer<typeof indexSchema>

/** A bundle in use by a cluster. */
export interface BundleUse {
  /** The tar. */
  file: string
  /** Where it is unpacked. */
  folder: string
  arch: Architecture
  /** The name that the node image is loaded under. */
  node: string
  /** Names of the images, as pods ask for them. */
  images: readonly string[]
}

/** A file that is no bundle, or not one that will do. The message says why and what to do. */
export class BundleRefused extends Error {
  override readonly name = 'BundleRefused'
}
