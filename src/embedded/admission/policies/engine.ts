/**
 * CEL as admission policies see it: `object`, `oldObject`, `request`, `params`, `namespaceObject`, `variables`. Loaded with
 * the first policy. Not modelled: `authorizer`, type checking against schemas (fields are found at evaluation).
 */
import { createRequire } from 'node:module'
import type { Environment } from '@marcbachmann/cel-js'
import { registerLibrary, unmodelled } from '../../crds/cel/library.ts'
import { once } from '../../once.ts'

export interface Bindings {
  object: unknown
  oldObject: unknown
  request: unknown
  params: unknown
  namespaceObject: unknown
  variables: unknown
}

export type Expression = { evaluate(bindings: Bindings): unknown } | { problem: string }

const names: (keyof Bindings)[] = ['object', 'oldObject', 'request', 'params', 'namespaceObject', 'variables']

const environment = once((): Environment => {
  const module = createRequire(import.meta.url)('@marcbachmann/cel-js') as typeof import('@marcbachmann/cel-js')
  const made = new module.Environment({
    unlistedVariablesAreDyn: false,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  })
  registerLibrary(made)
  for (const name of names) made.registerVariable(name, 'dyn')
  return made
})

const words = (error: unknown): string => {
  const text = error instanceof Error ? error.message.split('\n')[0]! : String(error)
  return text.replace(/^No such key: /, 'no such key: ')
}

const compiled = new Map<string, Expression>()
const mostCompiled = 1000

/** Compiled once for each text; a problem is returned, not thrown. `evaluate` throws with CEL's words. */
export const compileExpression = (source: string): Expression => {
  const known = compiled.get(source)
  if (known) return known
  if (compiled.size >= mostCompiled) compiled.clear()
  const made = compileAnew(source)
  compiled.set(source, made)
  return made
}

const compileAnew = (source: string): Expression => {
  if (unmodelled.test(source)) return { problem: 'it uses a CEL library that this simulated cluster does not model' }
  try {
    const program = environment().parse(source)
    const { valid, error } = program.check()
    if (!valid) return { problem: words(error) }
    return {
      evaluate: (bindings) => {
        try {
          return program({ ...bindings })
        } catch (error) {
          throw new Error(`expression '${source}' resulted in error: ${words(error)}`)
        }
      },
    }
  } catch (error) {
    return { problem: words(error) }
  }
}
