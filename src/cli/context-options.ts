/** `--provider`, and what goes with a context. */
import { chooseProvider, type ProviderName } from '../providers/choose.ts'
import type { Provider } from '../providers/provider.ts'
import { packagePath } from '../root.ts'
import { stateFolder } from '../session/state-folder.ts'
import { type Io, UsageError } from './io.ts'

export interface ContextChoice {
  provider: ProviderName
  context?: string
  /** The name of the context that may be changed. */
  yesChangeThisCluster?: string
}

/** Options of a context without it would be ignored: that is never what was meant. Throws `UsageError`. */
export const checkContextOptions = <T extends ContextChoice>(options: T): T => {
  const { provider, context, yesChangeThisCluster: mayChange } = options
  if (provider === 'context') {
    if (mayChange !== undefined && context !== undefined && mayChange !== context)
      throw new UsageError(`--yes-change-this-cluster ${mayChange} is not the context ${context}: nothing is changed`)
    return options
  }
  if (context !== undefined) throw new UsageError('--context goes with --provider context')
  if (mayChange !== undefined) throw new UsageError('--yes-change-this-cluster goes with --provider context')
  return options
}

/** How this program is started. */
export const thisProgram = (): readonly [string, ...string[]] => [process.execPath, packagePath('bin/meshdojo.js')]

/** The provider that the options choose. Nothing is looked at yet. */
export const providerOf = (io: Io, { provider, context, yesChangeThisCluster }: ContextChoice): Promise<Provider> =>
  chooseProvider(provider, {
    stateFolder: stateFolder(io.env),
    program: thisProgram(),
    env: io.env,
    context,
    yesChangeThisCluster,
  })
