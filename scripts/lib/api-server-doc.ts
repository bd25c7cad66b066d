/** docs/api-server.md, made from the code: the kinds that are served, and every "Not modelled" that a file says of itself. */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unmodelledSubresources } from '../../src/embedded/apiserver/request-info.ts'
import { crdKind } from '../../src/embedded/crds/crd-kind.ts'
import { builtinKinds } from '../../src/embedded/kinds/index.ts'
import type { Kind } from '../../src/embedded/kinds/kind.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const source = join(root, 'src/embedded')

const cell = (text: string): string => text.replaceAll('|', '\\|')
/** Columns as wide as their widest cell: how the formatter writes tables. */
const table = (head: string[], rows: string[][]): string => {
  const cells = [head, ...rows].map((row) => row.map(cell))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)))
  const lines = cells.map((row) => row.map((text, column) => text.padEnd(widths[column]!)))
  lines.splice(
    1,
    0,
    widths.map((width) => '-'.repeat(width)),
  )
  return lines.map((line) => `| ${line.join(' | ')} |`).join('\n')
}

const subresourcesOf = ({ status, scale, subresources = [] }: Kind): string[] => [
  ...(status ? ['status'] : []),
  ...(scale ? ['scale'] : []),
  ...subresources.map(({ name }) => name),
]

function kinds(): string {
  const rows = [...builtinKinds(), crdKind].map((kind) => [
    kind.group || 'core',
    kind.version,
    kind.kind,
    [kind.resource, ...(kind.shortNames ?? [])].join(', '),
    kind.verbs ? kind.verbs.join(', ') : 'all',
    subresourcesOf(kind).join(', '),
  ])
  const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
  const sorted = rows.sort(
    (a, b) => order(a[0] === 'core' ? '' : a[0]!, b[0] === 'core' ? '' : b[0]!) || order(a[2]!, b[2]!),
  )
  return table(['Group', 'Version', 'Kind', 'Names', 'Verbs', 'Subresources'], sorted)
}

/** What the comment at a file's head says it does not do. */
function notModelled(text: string): string | undefined {
  const comment = /\/\*\*.*?\*\//s.exec(text)?.[0] ?? ''
  const prose = comment
    .replace(/^\/\*\*|\*\/$/g, '')
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, ''))
    .join(' ')
    .replace(/\s+/g, ' ')
  return /Not modelled: (.*?)\.(?= [A-Z`]| ?$)/.exec(prose)?.[1]
}

function limits(): string {
  const rows = globSync('**/*.ts', { cwd: source })
    .sort()
    .flatMap((file) => {
      const says = notModelled(readFileSync(join(source, file), 'utf8'))
      return says ? [[dirname(file), file, says]] : []
    })
  const folders = Map.groupBy(rows, ([folder]) => folder!.split('/')[0]!)
  return [...folders]
    .map(([folder, found]) => {
      const list = found.map(
        ([, file, says]) => `- ${says} ([${relative(folder, file!) || file}](../src/embedded/${file}))`,
      )
      return `### ${folder === '.' ? 'embedded' : folder}\n\n${list.join('\n')}`
    })
    .join('\n\n')
}

/** What holds for every kind, said by hand: the code that does it is all over the folder. */
const requests = (): string =>
  table(
    ['What', 'How'],
    [
      [
        'bodies',
        "JSON, YAML (1.1, as Kubernetes reads it), Kubernetes' protobuf for built-in kinds; up to 3 MiB, 1.5 MiB for one object",
      ],
      ['answers', 'JSON and YAML, Table, PartialObjectMetadata; gzip above 128 KiB; indented for curl and browsers'],
      [
        'lists',
        'label and field selectors, chunks from one snapshot, `resourceVersion` with both matches, 410 with a token for the rest',
      ],
      [
        'watches',
        'from any remembered revision, bookmarks, WatchList, 410 once the history is compacted, `timeoutSeconds`',
      ],
      ['history', '5,000 revisions or 64 MiB of objects for each resource, whichever ends first'],
      ['patches', 'JSON, merge, strategic merge, server-side apply; managedFields for every write'],
      [
        'writes',
        'dry run, field validation, preconditions, finalizers, grace periods, the three ways to delete dependents',
      ],
      [
        'not served at all (501)',
        `${[...unmodelledSubresources]
          .sort()
          .map((name) => `\`${name}\``)
          .join(', ')} where no kind below has it`,
      ],
    ],
  )

export const apiServerDoc = (): string => `# The embedded API server: what it serves, and what it does not model

<!-- Made by "node scripts/api-docs.ts" from the code; edit the code instead. -->

Real clients talk to it: kubectl 1.27 to 1.36, \`@kubernetes/client-node\`, and whatever else speaks the Kubernetes API. Where it differs from a
real cluster it says so: a request that cannot be served gets \`501\` with a \`Status\` that names what is missing, an object that is stored and
has no effect gets a warning, and each file says at its head what it leaves out. The list below is those sentences.

## Requests

${requests()}

## Kinds

Custom resources come on top, by CustomResourceDefinition.

${kinds()}

## Not modelled

${limits()}
`
