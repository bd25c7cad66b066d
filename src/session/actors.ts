/** The machine's names made real: open, watch, grade, apply, close; and what is written down. */
import { assign, fromCallback, fromPromise } from 'xstate'
import type { CatalogueItem } from '../content/load.ts'
import { chosen, complained, currentStep } from './context.ts'
import { refusalOf } from './durable.ts'
import type { LabDeps } from './lab.ts'
import {
  type ApplyInput,
  type FilesInput,
  type GradeInput,
  type ObserveInput,
  type OpenInput,
  sessionMachine,
  type TapEvent,
  type TapInput,
  type WatchInput,
  type WorldEvent,
} from './machine.ts'
import { lastUnfinished, type ProgressStore } from './progress.ts'
import { type StepFiles, watchSaves } from './step-files.ts'
import type { TapView } from './types.ts'

export interface SessionDeps extends LabDeps {
  items: readonly CatalogueItem[]
  store: ProgressStore
  files: StepFiles
  now?: () => number
}

const absent = (): never => {
  throw new Error('there is no lab')
}

/** The machine with its effects. Nothing happens until an actor of it starts. */
export const makeReal = (deps: SessionDeps) => {
  const { store, files } = deps
  // An opening that was given up still has to clean up; closing waits for it.
  const unfinished = { opening: Promise.resolve() }

  return sessionMachine.provide({
    actors: {
      open: fromPromise(({ input, signal }: { input: OpenInput; signal: AbortSignal }) => {
        // What a lab needs (the API's client, grading, YAML) is not needed before there is one.
        const opening = import('./lab.ts').then(({ openLab }) =>
          openLab(deps, input.item ?? absent(), input.kept.work, input.say, signal),
        )
        unfinished.opening = opening.then(
          async ({ lab }) => {
            if (signal.aborted) await lab.close()
          },
          () => {},
        )
        return opening
      }),

      watch: fromCallback<WorldEvent, WatchInput>(({ input: { lab }, sendBack }) => {
        const stops = [
          lab?.onChange((change) => sendBack({ type: 'CHANGED', ...change })),
          lab?.onLost((says) => sendBack({ type: 'LOST', says })),
        ]
        return () => {
          for (const stop of stops) stop?.()
        }
      }),

      watchFiles: fromCallback<{ type: 'LOOK' }, FilesInput>(({ input: { item, step }, sendBack, receive }) => {
        const now = item?.scenario.spec.steps[step]
        if (!item || !now) return undefined
        let stop = (): void => {}
        const refused = refusalOf(() => {
          const saves = watchSaves(files.prepare(item.scenario, now), (path) =>
            sendBack({ type: 'SAVED', path } satisfies WorldEvent),
          )
          receive(saves.look)
          stop = saves.stop
        })
        if (refused) sendBack({ type: 'HINDERED', says: `the step's file: ${refused}` } satisfies WorldEvent)
        return stop
      }),

      grade: fromPromise(({ input: { lab, step }, signal }: { input: GradeInput; signal: AbortSignal }) =>
        lab && step ? lab.grade(step, signal) : absent(),
      ),

      observe: fromPromise(async ({ input: { lab, seen }, signal }: { input: ObserveInput; signal: AbortSignal }) =>
        lab?.observe(signal, seen),
      ),

      apply: fromPromise(({ input: { lab, path } }: { input: ApplyInput }) => (lab ? lab.apply(path) : absent())),

      tap: fromCallback<TapEvent, TapInput>(({ input: { lab, step }, sendBack, receive }) => {
        let newest = new AbortController()
        const told = (tap: TapView): void => sendBack({ type: 'TAPPED', tap } satisfies WorldEvent)
        receive(({ from, to }) => {
          if (!lab || !step) return
          newest.abort()
          newest = new AbortController()
          const { signal } = newest
          told({ from, to, state: 'sending' })
          lab.tap(step, from, to, signal).then(
            (tap) => signal.aborted || told({ from, to, state: 'captured', tap }),
            (error: Error) => signal.aborted || told({ from, to, state: 'failed', says: error.message }),
          )
        })
        return () => newest.abort()
      }),

      close: fromPromise(async ({ input: { lab } }) => {
        await unfinished.opening
        await lab?.close()
      }),
    },

    actions: {
      takeUp: assign(({ context }, { name }: { name: string }) => {
        const { kept, notice } = store.load(name)
        return chosen(context, name, kept, notice)
      }),
      listProgress: assign(({ context }) => {
        const { progress, notices } = store.all()
        return {
          progress: new Map([...progress].map(([name, kept]) => [name, kept.progress])),
          resume: lastUnfinished(progress)?.scenario,
          notice: [context.notice, ...notices].filter(Boolean).join('. ') || undefined,
          unsaved: store.retry(),
          item: undefined,
        }
      }),
      save: assign(({ context }) =>
        context.item ? { unsaved: store.save(context.item.scenario.metadata.name, context.kept) } : {},
      ),
      forgetSeen: ({ context }) => context.lab?.forgetSeen(),
      readMine: assign(({ context }) => {
        const step = currentStep(context)
        return context.solutionShown && context.item && step ? { mine: files.edited(context.item.scenario, step) } : {}
      }),
      restoreFiles: assign(({ context }) => {
        const [item, step] = [context.item, currentStep(context)]
        const refused = item && step && refusalOf(() => files.reset(item.scenario, step))
        return refused ? complained(context, `the step's file: ${refused}`) : {}
      }),
    },
  })
}
