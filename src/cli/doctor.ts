/** `doctor`: what there is on this machine, what is missing, and what to do about it. Changes nothing. */
import { kubeconfigFiles, readMerged } from '../kube/merge-kubeconfig.ts'
import { kindNeeds, thisMachine } from '../providers/kind/needs.ts'
import { chooseEditor } from '../shell/editor.ts'
import { findProgram } from '../shell/find.ts'
import { run } from '../shell/run.ts'
import { findVersion } from '../shell/versions.ts'
import { exit, type Io, print, printJson } from './io.ts'
import { type Finding, node, state } from './needs.ts'
import { formatTable } from './table.ts'

const terminal = (io: Io): Finding[] => {
  const { columns, rows, isTTY } = io.stdout
  const size = isTTY ? `${columns}x${rows}` : 'not a terminal'
  const isSmall = isTTY && (columns < 60 || rows < 20)
  const isTiny = io.env.TERM === 'dumb'
  const locale = io.env.LC_ALL || io.env.LC_CTYPE || io.env.LANG || ''
  const isUtf8 = /utf-?8/i.test(locale)
  return [
    {
      name: 'terminal',
      state: isSmall || isTiny ? 'problem' : 'ok',
      says: isTiny ? 'TERM=dumb' : size,
      next: isTiny
        ? 'set TERM to what the terminal is, xterm-256color for example'
        : isSmall
          ? 'make the window 80x24 or larger; 60x20 is usable'
          : undefined,
      for: 'embedded',
    },
    {
      name: 'locale',
      state: isUtf8 ? 'ok' : 'missing',
      says: locale || 'not set',
      next: isUtf8 ? undefined : 'frames are drawn in ASCII; for lines, set LANG to a UTF-8 locale such as C.UTF-8',
      for: 'comfort',
    },
  ]
}

const kubectl = async (io: Io): Promise<Finding> => {
  const found = await findVersion('kubectl', ['version', '--client'], io.env)
  const minor = Number(found?.version?.split('.')[1])
  const base = { name: 'kubectl', for: 'comfort' as const }
  if (!found) {
    const next =
      'install it from kubernetes.io/docs/tasks/tools to work as in the exam; editing with e works without it'
    return { ...base, state: 'missing', says: 'not found', next }
  }
  if (minor < 27)
    return { ...base, state: 'problem', says: `${found.version} at ${found.path}`, next: 'install 1.27 or newer' }
  return { ...base, state: 'ok', says: `${found.version ?? 'of unknown version'} at ${found.path}` }
}

const editor = (io: Io): Finding => {
  const exists = (program: string): boolean => findProgram(program, io.env) !== undefined
  const chosen = chooseEditor(io.env, exists)
  const base = { name: 'editor', for: 'comfort' as const }
  const next = 'set EDITOR, or install nano or vim; saving with any program applies the file as well'
  if (!chosen) return { ...base, state: 'missing', says: 'none found', next }
  const [program] = chosen.argv
  return exists(program)
    ? { ...base, state: 'ok', says: chosen.argv.join(' ') }
    : { ...base, state: 'problem', says: `${program} is not on the PATH`, next }
}

/** Read only: which contexts there are. What a cluster has is for `cluster list --provider context` to ask. */
const contexts = async (io: Io): Promise<Finding> => {
  const base = { name: 'kubeconfig', for: 'context' as const }
  try {
    const { contexts: all, current } = await readMerged(kubeconfigFiles(io.env))
    if (all.length === 0) return { ...base, state: 'missing', says: 'no context' }
    const says = `${all.map(({ name }) => name).join(', ')}${current ? `; ${current} is the current one` : ''}`
    return { ...base, state: 'ok', says }
  } catch (error) {
    return { ...base, state: 'problem', says: (error as Error).message, next: 'correct it, or set KUBECONFIG' }
  }
}

export const examine = async (io: Io): Promise<Finding[]> => [
  node(),
  state(io),
  ...terminal(io),
  await kubectl(io),
  editor(io),
  ...(await kindNeeds(thisMachine(io.env, run))).map((need): Finding => ({ ...need, for: 'kind' })),
  await contexts(io),
]

const marks = { ok: 'ok', missing: '-', problem: '!!' } as const
const headings = {
  embedded: 'Labs on the embedded cluster (the default)',
  comfort: 'Comfort',
  kind: 'Real clusters made by kind (--provider kind; of istioctl, linkerd, cilium and consul-k8s only the mesh’s own)',
  context: 'A cluster that you have (--provider context)',
} as const

const verdictOf = (findings: Finding[]): { isWell: boolean; says: string } => {
  const isWell = !findings.some(({ state: is, for: who }) => who === 'embedded' && is === 'problem')
  return {
    isWell,
    says: isWell ? 'Everything that labs need is there.' : 'Something that labs need is missing: see "to do".',
  }
}

const screenMarks = { ok: '[ok]', missing: '[ - ]', problem: '**[!!]**' } as const

/** The same as Markdown, for the screen. */
export const doctorDocument = async (io: Io): Promise<string> => {
  const findings = await examine(io)
  const sections = (['embedded', 'comfort', 'kind', 'context'] as const).map((who) => {
    const items = findings.filter((finding) => finding.for === who)
    const lines = items.map(
      ({ state: is, name, says, next }) => `- ${screenMarks[is]} **${name}**: ${says}${next ? `; to do: ${next}` : ''}`,
    )
    return `**${headings[who]}**\n\n${lines.join('\n')}`
  })
  return [verdictOf(findings).says, ...sections, '`meshdojo doctor --json` says the same without this screen.'].join(
    '\n\n',
  )
}

export const doctor = async (io: Io, { json }: { json?: boolean }): Promise<number> => {
  const findings = await examine(io)
  const { isWell, says: verdict } = verdictOf(findings)
  if (json) printJson(io, { ok: isWell, findings })
  else {
    const rows = (who: Finding['for']) => findings.filter((finding) => finding.for === who)
    for (const who of ['embedded', 'comfort', 'kind', 'context'] as const) {
      const lines = rows(who).flatMap(({ state: is, name, says, next }) => [
        [`  ${marks[is]}`, name, says],
        ...(next ? [['', '', `to do: ${next}`]] : []),
      ])
      print(io, `${headings[who]}\n${formatTable(lines, 2)}\n`)
    }
    print(io, verdict)
  }
  return isWell ? exit.passed : exit.notPassed
}
