/**
 * Making a bundle, as data: charts first, since they name the images; then for each architecture the pulls, and the
 * archives. What a step wrote whole is not written again.
 */
import { type Command, formatCommand } from '../../../shell/run.ts'
import { describeSteps } from '../../describe.ts'
import { command, runs, type Step } from '../../steps.ts'
import { type Chart, settingsOf } from '../install/helm.ts'
import { installSteps } from '../install/install.ts'
import { gatewayApiUrl } from '../install/linkerd.ts'
import type { MeshName } from '../install/tools.ts'
import { bundledNode, nodeImage, type Runtime } from '../plan.ts'
import { type Architecture, chartFile, gatewayApiFile, imagesArchive, nodeArchive } from './contents.ts'
import { tagged } from './images.ts'

export interface BundleSpec {
  mesh: MeshName
  version: string
  runtime: Runtime
  arches: readonly Architecture[]
  /** The tar to be. */
  out: string
  /** Where its parts are gathered; it stays when making it is interrupted. */
  folder: string
  /** What labs run. */
  labImages: readonly string[]
  /** The runtime keeps all architectures of an image, and has to be told which one to save. */
  saysPlatform: boolean
}

const chartsOf = ({ mesh, version, folder }: BundleSpec): Chart[] =>
  installSteps(mesh, {
    cluster: 'none',
    version,
    by: 'helm',
    settings: {},
    folder,
    bundle: { file: '', folder, arch: 'amd64', node: '', images: [] },
  }).flatMap(({ chart }) => (chart ? [chart] : []))

/** Where each chart comes from, by its file. */
const sourcesOf = ({ mesh, version, folder }: BundleSpec): Chart[] =>
  installSteps(mesh, { cluster: 'none', version, by: 'helm', settings: {}, folder }).flatMap(({ chart }) =>
    chart ? [chart] : [],
  )

/** Charts and manifests. */
export const gatherCharts = (spec: BundleSpec): Step[] => {
  const { mesh, folder } = spec
  const charts = sourcesOf(spec).map(
    ({ chart, repo = '', version = '' }): Step => ({
      id: `chart-${chart}`,
      says: `Fetch the chart ${chart} ${version}`,
      actions: [
        runs(
          `Fetch ${chart}`,
          'helm',
          'pull',
          chart,
          '--repo',
          repo,
          '--version',
          version,
          '--destination',
          `${folder}/charts`,
        ),
      ],
      done: [{ file: `${folder}/${chartFile({ chart, version })}` }],
      typically: 5,
    }),
  )
  if (mesh !== 'linkerd') return charts
  const file = `${folder}/${gatewayApiFile}`
  return [
    ...charts,
    {
      id: 'gateway-api',
      says: "Fetch the Gateway API's kinds",
      actions: [
        runs(
          'Fetch them',
          'curl',
          '--fail',
          '--silent',
          '--show-error',
          '--location',
          '--output',
          `${file}.part`,
          gatewayApiUrl,
        ),
        { do: 'rename', from: `${file}.part`, to: file },
      ],
      done: [{ file }],
      typically: 5,
    },
  ]
}

/** `v1.35.0` */
const nodeVersion = /:(v[\d.]+)/.exec(nodeImage)![1]!

/** What prints everything that each chart would apply. */
export const renderCharts = (spec: BundleSpec): Command[] =>
  chartsOf(spec).map(({ release, chart, namespace, settings, placeholders }) =>
    command(
      `Read the images of ${release} off its chart`,
      'helm',
      'template',
      release,
      chart,
      '--namespace',
      namespace,
      // Without a cluster Helm assumes the Kubernetes that it was built with, which a chart may refuse.
      '--kube-version',
      nodeVersion,
      ...settingsOf(settings),
      ...settingsOf(placeholders),
    ),
  )

const pull = ({ runtime, folder }: BundleSpec, arch: Architecture, image: string): Step => ({
  id: `pull-${arch}-${image}`,
  says: `Pull ${image} for ${arch}`,
  actions: [
    runs(`Pull ${image}`, runtime, 'pull', '--platform', `linux/${arch}`, image),
    // What is pulled by digest has no name yet.
    ...(tagged(image) === image
      ? []
      : [runs('Name it', runtime, 'tag', image, image === nodeImage ? bundledNode(image) : tagged(image))]),
  ],
  done: [{ file: `${folder}/${image === nodeImage ? nodeArchive(arch) : imagesArchive(arch)}` }],
  typically: 20,
})

export const pullImages = (spec: BundleSpec, arch: Architecture, images: readonly string[]): Step[] =>
  [nodeImage, ...images].map((image) => pull(spec, arch, image))

const save = (
  { runtime, folder, saysPlatform }: BundleSpec,
  arch: Architecture,
  { id, says, file, images }: { id: string; says: string; file: string; images: readonly string[] },
): Step => ({
  id: `${id}-${arch}`,
  says: `Save ${says} for ${arch}`,
  actions: [
    runs(
      `Save ${says}`,
      runtime,
      'save',
      ...(saysPlatform ? ['--platform', `linux/${arch}`] : []),
      // podman's own words for several images in one archive, as docker reads it.
      ...(runtime === 'podman' ? ['--format', 'docker-archive', '--multi-image-archive'] : []),
      '--output',
      `${folder}/${file}.part`,
      ...images,
    ),
    { do: 'rename', from: `${folder}/${file}.part`, to: `${folder}/${file}` },
  ],
  done: [{ file: `${folder}/${file}` }],
  typically: 30,
})

export const saveImages = (spec: BundleSpec, arch: Architecture, images: readonly string[]): Step[] => [
  save(spec, arch, {
    id: 'save-node',
    says: 'the node image',
    file: nodeArchive(arch),
    images: [bundledNode(nodeImage)],
  }),
  save(spec, arch, {
    id: 'save-images',
    says: 'the other images',
    file: imagesArchive(arch),
    images: images.map(tagged),
  }),
]

/** Asks for what a name stood for when it was pulled. */
export const askDigest = ({ runtime }: Pick<BundleSpec, 'runtime'>, image: string): Command =>
  command(
    `Ask for the digest of ${image}`,
    runtime,
    'image',
    'inspect',
    '--format',
    '{{range .RepoDigests}}{{println .}}{{end}}',
    tagged(image),
  )

/** Everything that would be run, with IMAGE for what only the charts know. */
export const describeBundle = (spec: BundleSpec): string => {
  const first = gatherCharts(spec)
  const pulls = spec.arches.map((arch) => ({
    pulls: pullImages(spec, arch, [...spec.labImages, 'IMAGE']),
    saves: saveImages(spec, arch, [...spec.labImages, 'IMAGE …']),
  }))
  let count = first.length
  const lines = (steps: readonly Step[]): string => {
    count += steps.length
    return describeSteps(steps, count - steps.length)
  }
  return [
    `${spec.out}: ${spec.mesh} ${spec.version} for ${spec.arches.join(' and ')}, gathered in ${spec.folder} by ${spec.runtime}`,
    '',
    describeSteps(first),
    'then read which images they name; each is an IMAGE below',
    ...renderCharts(spec).map((each) => `   ${formatCommand(each)}`),
    ...pulls.flatMap(({ pulls: each, saves }) => [
      lines(each),
      'then ask what each name stood for',
      `   ${formatCommand(askDigest(spec, 'IMAGE'))}`,
      lines(saves),
    ]),
    `then pack all of it, index.json first, and rename it to ${spec.out}`,
  ].join('\n')
}
