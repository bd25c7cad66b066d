/** `--provider context` and what goes with it. */
import type { ProviderName } from '../providers/choose.ts'
import { UsageError } from './io.ts'

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
