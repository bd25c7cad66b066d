/**
 * CEL over an exchange's attributes, for log filters and tags. The engine is loaded with the first expression, in the
 * same turn, so that a log has its line before anybody reads it.
 */
import { createRequire } from 'node:module'
import { once } from '../once.ts'

type CelModule = typeof import('@marcbachmann/cel-js')

/** What Envoy knows (envoy/source/extensions/filters/common/expr/context.h), and the peers of Istio's metadata exchange. */
const variables = [
  'request',
  'response',
  'connection',
  'upstream',
  'source',
  'destination',
  'xds',
  'node',
  'metadata',
  'filter_state',
  'upstream_peer',
  'downstream_peer',
]

export type Evaluated = { value: unknown } | { problem: string }

/** Evaluates; a problem is the engine's word on an expression that never can be, an absent value is `undefined`. */
export type Evaluate = (expression: string, attributes: Readonly<Record<string, unknown>>) => Evaluated

export const createExpressions = (): Evaluate => {
  const engine = once(() => {
    const { Environment } = createRequire(import.meta.url)('@marcbachmann/cel-js') as CelModule
    const environment = new Environment({ unlistedVariablesAreDyn: false })
    for (const name of variables) environment.registerVariable(name, 'dyn')
    return environment
  })
  const compiled = new Map<string, ReturnType<ReturnType<typeof engine>['parse']> | string>()
  const compile = (expression: string): ReturnType<ReturnType<typeof engine>['parse']> | string => {
    try {
      const program = engine().parse(expression)
      const { valid, error } = program.check()
      return valid ? program : String(error?.message ?? 'not valid').split('\n')[0]!
    } catch (error) {
      return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
    }
  }
  return (expression, attributes) => {
    let program = compiled.get(expression)
    if (program === undefined) {
      program = compile(expression)
      compiled.set(expression, program)
    }
    if (typeof program === 'string') return { problem: program }
    try {
      const absent = Object.fromEntries(variables.map((name) => [name, {}]))
      return { value: program({ ...absent, ...attributes }) }
    } catch {
      return { value: undefined }
    }
  }
}
