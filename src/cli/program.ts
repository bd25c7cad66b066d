/** The command line as data: every verb with its arguments and help. A verb's own file is read when it is run. */
import { Command, Option } from 'commander'
import type { Io } from './io.ts'

export interface ProgramOptions {
  io: Io
  version: string
  /** Gets the verb's exit code. */
  done: (exitCode: number) => void
}

const kubeconfigOption = () =>
  new Option('--kubeconfig <file>', 'the cluster to look at (default: $KUBECONFIG, or the lab that is running)')
const jsonOption = () => new Option('--json', 'one JSON document and nothing else')
const providerOption = () =>
  new Option('--provider <name>', 'where the cluster comes from').choices(['embedded', 'kind', 'context'])

const contextOption = () =>
  new Option('--context <name>', 'the kubeconfig context, with --provider context (default: the current one)')
const mayChangeOption = () =>
  new Option('--yes-change-this-cluster <context>', 'lets labs change a context that is no lab yet, by its name')

const dryRunOption = (says: string) =>
  new Option('--dry-run', `only say ${says}; nothing is started, written or changed`)

const plainOption = () =>
  new Option('--plain', 'line by line, for screen readers, dumb terminals and scripts, instead of the full screen')

const contentOption = () =>
  new Option(
    '--content <pack>',
    'more scenarios and labs: a folder with scenarios/ and labs/, or an npm package with them',
  )

const collect = (value: string, before: string[] = []): string[] => [...before, value]

export const createProgram = ({ io, version, done }: ProgramOptions): Command => {
  const program = new Command('meshdojo')
  /** Makes every verb end the same way, and write where it is told to. */
  const verb = (parent: Command, usage: string, description: string): Command =>
    parent
      .command(usage)
      .description(description)
      .helpOption('-h, --help', 'this help')
      .allowExcessArguments(false)
      .showHelpAfterError(false)

  program
    .description(
      'Service-mesh security for the CKS, by doing: labs in the terminal, graded live. Without a verb: the TUI.',
    )
    .version(version, '-V, --version', 'the version of meshdojo')
    .helpOption('-h, --help', 'this help')
    .helpCommand(false)
    .allowExcessArguments(true)
    .argument('[verb]')
    .addOption(plainOption())
    .configureHelp({ visibleArguments: () => [], commandUsage: () => 'meshdojo [verb] [options]' })
    .addHelpText(
      'after',
      '\nExit codes: 0 done and passed, 1 not passed, 2 wrong usage, 3 cannot be reached, 130 interrupted.',
    )
    .action(async (word: string | undefined) => {
      if (word !== undefined) throw unknownVerb(program, word)
      done(await (await import('./start.ts')).openPicker(io, program.opts()))
    })

  verb(program, 'start', 'open the TUI in a scenario')
    .argument('<scenario>', 'its name, as "list" shows it')
    .addOption(providerOption().default('embedded'))
    .addOption(contentOption())
    .addOption(contextOption())
    .addOption(mayChangeOption())
    .addOption(plainOption())
    .addOption(dryRunOption('which commands would be run, which files written, and what the lab is'))
    .action(async (scenario, options) =>
      done(await (await import('./start.ts')).start(io, scenario, { ...program.opts(), ...options })),
    )

  verb(program, 'list', 'the scenarios, and how far you are')
    .addOption(jsonOption())
    .addOption(contentOption())
    .action(async (options) => done(await (await import('./list.ts')).list(io, options)))

  verb(program, 'check', 'grade the cluster that a kubeconfig names')
    .argument('<scenario>')
    .option('--step <id>', 'only this step')
    .addOption(kubeconfigOption())
    .option('--wait <seconds>', 'how long a change may take to arrive (default: 30; 0 on an embedded cluster)')
    .option('--watch', 'grade again after every change, until interrupted')
    .addOption(contentOption())
    .addOption(dryRunOption('what would be read, and which requests sent'))
    .addOption(jsonOption().default(false, 'off; with --watch: one document a line'))
    .action(async (scenario, options) => done(await (await import('./check.ts')).check(io, scenario, options)))

  verb(program, 'why', 'what should happen to a request, and every rule that was asked')
    .argument('<from>', 'namespace/workload')
    .argument('<url>', 'for example http://orders.production/api/orders')
    .option('-X, --method <method>', 'the HTTP method', 'GET')
    .option('-H, --header <header>', '"Name: value"; may be repeated', collect)
    .option('--send', 'also send it, and say whether it met what was predicted')
    .addOption(kubeconfigOption())
    .addOption(jsonOption())
    .action(async (from, url, options) => done(await (await import('./why.ts')).why(io, from, url, options)))

  verb(
    program,
    'tap',
    'the bytes that an observer between the two pods sees, now and under mutual TLS; the request is sent',
  )
    .argument('<from>', 'namespace/workload')
    .argument('<url>', 'for example http://orders.production/api/orders')
    .option('-X, --method <method>', 'the HTTP method', 'GET')
    .option('-H, --header <header>', '"Name: value"; may be repeated', collect)
    .addOption(kubeconfigOption())
    .addOption(jsonOption())
    .action(async (from, url, options) => done(await (await import('./tap.ts')).tap(io, from, url, options)))

  verb(program, 'matrix', 'who can reach whom, and whether encrypted')
    .addOption(kubeconfigOption())
    .addOption(jsonOption())
    .action(async (options) => done(await (await import('./matrix.ts')).matrix(io, options)))

  verb(program, 'tool', 'istioctl and linkerd, as far as labs use them: tool istioctl|linkerd <subcommand …>')
    .argument('<name>', 'istioctl or linkerd')
    .argument('[arguments...]', 'what the tool is told; "tool istioctl" alone says what there is')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (name, argv) => done(await (await import('./tool.ts')).tool(io, name, argv)))

  verb(program, 'token', 'a JWT of the labs’ own issuer, or its key set')
    .option('--iss <issuer>', 'who issued it')
    .option('--sub <subject>', 'whom it speaks of')
    .option('--aud <audience>', 'whom it is for; may be repeated', collect)
    .option('--claim <key=value>', 'a further claim, JSON or text; may be repeated', collect)
    .option('--for <duration>', 'how long it is good: 90s, 15m, 2h, 7d; -5m has expired already', '1h')
    .option('--jwks', 'print the key set instead')
    .addHelpText('after', '\nThe key is the same everywhere and no secret. Trust it in labs only.')
    .action(async (options) => done(await (await import('./token.ts')).token(io, options)))

  verb(program, 'exam', 'a timed, weighted set of tasks: no hints, no checks, graded at the end')
    .option('--seed <number>', 'the same seed makes the same exam (default: by chance)')
    .option('--minutes <number>', 'how long it takes, and so how many tasks it has (default: 60)')
    .option('--new', 'give up an exam that is not finished, and begin another')
    .addOption(contentOption())
    .addOption(plainOption())
    .addOption(jsonOption().default(false, 'off; the screen is then on stderr, the results on stdout'))
    .addHelpText(
      'after',
      '\nThe clock runs on when you leave; "meshdojo exam" comes back. Exit code 0 passed, 1 not passed, 130 not finished.',
    )
    .action(async (options) => done(await (await import('./exam.ts')).exam(io, { ...program.opts(), ...options })))

  verb(program, 'report', 'what you have done, per scenario and per CKS competency, with the evidence of each step')
    .argument('[scenario]', 'its name, as "list" shows it (default: all)')
    .addOption(
      new Option('--format <format>', 'Markdown, JSON, or HTML for printing')
        .choices(['md', 'json', 'html'])
        .default('md'),
    )
    .addOption(contentOption())
    .action(async (name, options) => done(await (await import('./report.ts')).report(io, name, options)))

  verb(program, 'verify', 'prove scenarios: unsolved at first, solved by their solution, each mistake caught')
    .argument('[scenario...]', 'names or paths (default: all of the pack, or else of meshdojo)')
    .addOption(providerOption().default('embedded'))
    .addOption(contextOption())
    .addOption(mayChangeOption())
    .option('--mutants', 'also take each solution apart: no wrong version of it may pass')
    .addOption(contentOption())
    .addOption(new Option('--reporter <name>').choices(['pretty', 'json', 'junit', 'tap', 'github']).default('pretty'))
    .option('--jobs <n>', 'scenarios at the same time, on embedded clusters (default: one for each core)')
    .addOption(dryRunOption('which commands would be run, which labs put in, and what would be proven'))
    .action(async (names, options) => done(await (await import('./verify.ts')).verify(io, names, options)))

  verb(program, 'lint', 'scenario and lab files against the schema: file:line:column message')
    .argument('[path...]', 'files or folders (default: all content of meshdojo)')
    .action(async (paths) => done(await (await import('./lint.ts')).lint(io, paths)))

  const create = verb(program, 'new', 'a scenario or a lab that lints and verifies, to be made into a real one').usage(
    '<kind>',
  )
  create.helpCommand(false).action(() => {
    throw unknownVerb(create, create.args[0])
  })
  create.allowExcessArguments(true)
  verb(create, 'scenario', 'scenarios/<mesh>/<name>/scenario.yaml, here')
    .argument('<name>', 'NN-slug, for example 30-our-own-gateway')
    .option('--lab <name>', 'the lab that it plays in', 'shop-istio')
    .action(async (name, options) => done(await (await import('./new.ts')).newScenario(io, name, options)))
  verb(create, 'lab', 'labs/<name>/, here')
    .argument('<name>', 'lower-case letters, digits and dashes')
    .action(async (name) => done(await (await import('./new.ts')).newLab(io, name)))

  verb(program, 'doctor', 'what is there, what is missing, what to do about it')
    .addOption(jsonOption())
    .action(async (options) => done(await (await import('./doctor.ts')).doctor(io, options)))

  const cluster = verb(program, 'cluster', 'clusters without the TUI').usage('<verb>')
  cluster.helpCommand(false).action(() => {
    throw unknownVerb(cluster, cluster.args[0])
  })
  cluster.allowExcessArguments(true)

  verb(cluster, 'serve', 'an embedded cluster in the foreground; prints "ready <kubeconfig>" once kubectl can use it')
    .option('--mesh <name>', 'the mesh to install (default: the lab’s, or istio)')
    .addOption(new Option('--lab <name>', 'the lab to put in').conflicts('scenario'))
    .option('--scenario <name>', 'the scenario whose lab to put in')
    .addOption(contentOption())
    .option('--kubeconfig <file>', 'where to write the kubeconfig (default: a file of its own, removed at the end)')
    .option('--port <number>', 'the port on 127.0.0.1 (default: a free one)')
    .addOption(new Option('--snapshot <file>', 'go on from a snapshot of the build').hideHelp())
    .addOption(new Option('--until-stdin-ends', 'also end when standard input does').hideHelp())
    .action(async (options) => done(await (await import('./cluster-serve.ts')).serve(io, options)))

  verb(cluster, 'create', 'a real cluster with a mesh, made by kind; run again, it goes on where it ended')
    .addOption(providerOption().default('kind'))
    .option('--mesh <name>', 'istio, linkerd, cilium or consul (default: the lab’s, or istio)')
    .option('--mesh-version <version>', 'for example 1.30.3 (default: the lab’s, or the tested one)')
    .option('--name <name>', 'its name, which begins with meshdojo- (default: meshdojo-<mesh>)')
    .addOption(new Option('--lab <name>', 'the lab to put in').conflicts('scenario'))
    .option('--scenario <name>', 'the scenario whose lab to put in')
    .addOption(contentOption())
    .option('--bundle <file>', 'take everything from a file that "cluster bundle" made: no network is needed')
    .addOption(dryRunOption('which commands would be run and which files written'))
    .action(async (options) => done(await (await import('./cluster-create.ts')).create(io, options)))

  verb(
    cluster,
    'bundle',
    'everything that a cluster of a mesh and its labs need, in one file: for rooms without a network',
  )
    .requiredOption('--mesh <name>', 'istio, linkerd, cilium or consul')
    .requiredOption('-o, --output <file>', 'the file to make')
    .option('--mesh-version <version>', 'for example 1.30.3 (default: the tested one)')
    .option('--arch <name>', 'amd64 or arm64; may be repeated (default: this machine’s)', collect)
    .addOption(contentOption())
    .addOption(dryRunOption('which commands would be run, and how much room it takes'))
    .action(async (options) => done(await (await import('./cluster-bundle.ts')).bundle(io, options)))

  verb(cluster, 'delete', 'removes a cluster that meshdojo made, and no other')
    .addOption(providerOption().default('kind'))
    .option('--name <name>', 'as "cluster list" shows it')
    .option('--mesh <name>', 'the cluster that has no name of its own')
    .addOption(dryRunOption('which commands would be run'))
    .action(async (options) => done(await (await import('./cluster-delete.ts')).remove(io, options)))

  verb(cluster, 'list', 'the clusters that meshdojo made; with --provider context, what yours is and which labs fit')
    .addOption(providerOption().default('kind'))
    .addOption(contextOption())
    .addOption(jsonOption())
    .action(async (options) => done(await (await import('./cluster-list.ts')).list(io, options)))
  return program
}

/** An error in commander's own shape, so that it gets the nearest verb added. */
const unknownVerb = (command: Command, word: string | undefined): Error => {
  if (word === undefined) return new MissingVerb(command.commands.map((each) => each.name()))
  return new UnknownVerb(
    word,
    command.commands.map((each) => each.name()),
  )
}

export class MissingVerb extends Error {
  override readonly name = 'MissingVerb'
  constructor(known: string[]) {
    super(`a verb is missing: ${known.join(', ')}`)
  }
}

export class UnknownVerb extends Error {
  override readonly name = 'UnknownVerb'
  readonly word: string
  readonly known: string[]
  constructor(word: string, known: string[]) {
    super(`unknown verb "${word}"`)
    this.word = word
    this.known = known
  }
}
