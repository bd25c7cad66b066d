/** CEL conditions of checks. The evaluator is loaded when the first condition is met. */

/** A compiled condition. A field that the value lacks makes it false, as a missing object would. */
export interface Condition {
  holds(value: unknown): boolean
}

/** Compiles a condition over one variable. Throws with CEL's own words and a caret when it is not valid. */
export const compileCondition = async (expression: string, variable: 'object' | 'value'): Promise<Condition> => {
  const { Environment, EvaluationError } = await import('@marcbachmann/cel-js')
  const environment = new Environment({ unlistedVariablesAreDyn: false }).registerVariable(variable, 'dyn')
  const run = environment.parse(expression)
  const checked = run.check()
  if (!checked.valid) throw checked.error ?? new Error('the expression is not valid')
  return {
    holds: (value) => {
      try {
        return run({ [variable]: value }) === true
      } catch (error) {
        if (error instanceof EvaluationError) return false
        throw error
      }
    },
  }
}
