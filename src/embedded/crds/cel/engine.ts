/**
 * CEL for schema rules. The engine is loaded on the first rule, synchronously, because validation is part of a write,
 * which is one turn. Rules see `self` and `oldSelf` as dynamic values: a field that the schema lacks is found at
 * evaluation, not when the CRD is created.
 */
import { createRequire } from 'node:module'
import type { Environment } from '@marcbachmann/cel-js'
import { once } from '../../once.ts'
import { registerLibrary, unmodelled } from './library.ts'

type CelModule = typeof import('@marcbachmann/cel-js')

export interface Program {
  /** The rule speaks of the object before the change, so it holds for updates only. */
  readonly usesOldSelf: boolean
  /** @throws the engine's errors, in CEL's words (`no such key: a`) */
  evaluate(variables: { self: unknown; oldSelf?: unknown }): unknown
}

export type Compiled = Program | { problem: string; unmodelled: boolean }

const load = (): { environment: Environment; module: CelModule } => {
  const module = createRequire(import.meta.url)('@marcbachmann/cel-js') as CelModule
  const environment = new module.Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  })
  registerLibrary(environment)
  environment.registerVariable('self', 'dyn').registerVariable('oldSelf', 'dyn')
  return { environment, module }
}

const engine = once(load)

/** The engine's `has` wants names only; a field of an indexed item is asked for with `in`. */
const withoutIndexedHas = (rule: string): string =>
  rule.replace(
    /\bhas\(([^()]*\[[^()]*)\.(\w+)\)/g,
    (_whole, target: string, field: string) => `('${field}' in ${target})`,
  )

const words = (error: unknown): string => {
  const text = error instanceof Error ? error.message.split('\n')[0]! : String(error)
  return text.replace(/^No such key: (.)/, 'no such key: $1')
}

/** Compiles a rule or message expression; a problem is returned, not thrown. */
export const compile = (source: string): Compiled => {
  if (unmodelled.test(source)) return { problem: 'a CEL library that is not modelled', unmodelled: true }
  try {
    const program = engine().environment.parse(withoutIndexedHas(source))
    const { valid, error } = program.check()
    if (!valid) return { problem: words(error), unmodelled: false }
    return {
      usesOldSelf: /\boldSelf\b/.test(source),
      evaluate: (variables) => {
        try {
          const { oldSelf = null, self } = variables
          return program({ self, oldSelf })
        } catch (error) {
          throw new Error(words(error))
        }
      },
    }
  } catch (error) {
    return { problem: words(error), unmodelled: false }
  }
}

/** The engine's own values: durations, and optionals for `optionalOldSelf`. */
export const duration = (text: string): unknown =>
  engine().environment.evaluate('duration(self)', { self: text, oldSelf: null })
export const optionalOf = (value: unknown): unknown =>
  value === undefined ? engine().module.Optional?.none() : engine().module.Optional?.of(value)
