/** The provider behind `--provider`. */
import { createEmbeddedProvider, type EmbeddedOptions } from './embedded.ts'
import type { Provider } from './provider.ts'

export const providerNames = ['embedded', 'kind', 'context'] as const
export type ProviderName = (typeof providerNames)[number]

/** Asked for something that this version does not do. The message names what works. */
export class NotYet extends Error {
  override readonly name = 'NotYet'
}

const instead = 'use the embedded cluster (the default), which needs nothing installed'

/** Throws `NotYet` for the providers of real clusters. */
export const chooseProvider = (name: ProviderName, options: EmbeddedOptions): Provider => {
  switch (name) {
    case 'embedded':
      return createEmbeddedProvider(options)
    case 'kind':
      throw new NotYet(`clusters made by kind are not there yet: ${instead}`)
    case 'context':
      throw new NotYet(
        `labs in a cluster of your own are not there yet: ${instead}; "check", "why" and "matrix" already read any cluster with --kubeconfig`,
      )
  }
}
