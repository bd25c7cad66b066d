/** The provider behind `--provider`. What real clusters need is read only when one is asked for. */
import { createEmbeddedProvider, type EmbeddedOptions } from './embedded.ts'
import type { Provider } from './provider.ts'

export type ProviderName = Provider['name']

export interface ProviderOptions extends EmbeddedOptions {
  env: NodeJS.ProcessEnv
  /** For `context`: which one; absent: the current one. */
  context?: string
  /** The context that may be changed although it is no lab, by name. */
  yesChangeThisCluster?: string
}

export const chooseProvider = async (name: ProviderName, options: ProviderOptions): Promise<Provider> => {
  switch (name) {
    case 'embedded':
      return createEmbeddedProvider(options)
    case 'kind':
      return (await import('./kind/provider.ts')).createKindProvider(options)
    case 'context':
      return (await import('./context.ts')).createContextProvider({
        ...options,
        mayChange: options.yesChangeThisCluster,
      })
  }
}
