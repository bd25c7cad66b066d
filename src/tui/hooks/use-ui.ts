import { useMemo, useReducer, useRef } from 'react'
import type { View } from '../../session/types.ts'
import { type Action, at, initialUi, reduce, type UiState } from '../reducer.ts'

export interface Ui {
  /** The state as of the last action, drawn or not. */
  current(): UiState
  dispatch(action: Action): void
}

/**
 * The reducer's state, outside of React's queue: several keys can arrive between two frames, and the second one must
 * see what the first one did.
 */
export const useUi = (view: () => View): Ui => {
  const state = useRef(initialUi)
  const [, redraw] = useReducer((count: number) => count + 1, 0)
  return useMemo(
    () => ({
      current: () => at(state.current, view()),
      dispatch: (action) => {
        const before = at(state.current, view())
        state.current = reduce(before, action)
        if (state.current !== before) redraw()
      },
    }),
    [view],
  )
}
