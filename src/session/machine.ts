/**
 * One lesson, from the picker to the farewell. The picture comes first; what each name does to what is known stands in
 * context.ts, and what it does to the world in actors.ts. `docs/session.mmd` is drawn from this machine.
 */
import { assign, fromCallback, fromPromise, sendTo, setup } from 'xstate'
import type { Applied } from './apply-file.ts'
import {
  advanced,
  applied,
  complained,
  currentStep,
  type Graded,
  graded,
  hinted,
  initialContext,
  isStepPassed,
  type LabHandle,
  labReset,
  type Opened,
  opened,
  type SessionContext,
  type SessionInput,
  solutionSeen,
  stepReset,
  tick,
  worked,
} from './context.ts'
import type { Matrix, TapView, UserEvent } from './types.ts'

/** What the world tells the session; the rest of the events are the learner's. */
export type WorldEvent =
  | { type: 'PROGRESS'; says: string }
  | { type: 'CHANGED'; says: string[]; byLearner: boolean }
  | { type: 'SAVED'; path: string }
  | { type: 'SEEN'; matrix: Matrix }
  | { type: 'TAPPED'; tap: TapView }
  | { type: 'LOST'; says: string }
  | { type: 'HINDERED'; says: string }

export type SessionEvent = UserEvent | WorldEvent

export type OpenInput = Pick<SessionContext, 'item' | 'kept'> & { say: (says: string) => void }
export type WatchInput = Pick<SessionContext, 'lab'>
export type FilesInput = Pick<SessionContext, 'item'> & { step: number }
export type GradeInput = Pick<SessionContext, 'lab'> & { step: ReturnType<typeof currentStep> }
export type ObserveInput = Pick<SessionContext, 'lab'> & { seen: (matrix: Matrix) => void }
export type TapInput = Pick<SessionContext, 'lab'> & { step: ReturnType<typeof currentStep> }
export type TapEvent = Extract<UserEvent, { type: 'TAP' }>
export type ApplyInput = Pick<SessionContext, 'lab'> & { path: string }

/** Stands for an effect until it is provided. */
const unmade = (name: string) => (): never => {
  throw new Error(`the session's "${name}" was not provided`)
}

export const sessionMachine = setup({
  types: {
    context: {} as SessionContext,
    events: {} as SessionEvent,
    input: {} as SessionInput,
  },
  actors: {
    open: fromPromise<Opened, OpenInput>(unmade('open')),
    watch: fromCallback<WorldEvent, WatchInput>(unmade('watch')),
    watchFiles: fromCallback<{ type: 'LOOK' }, FilesInput>(unmade('watchFiles')),
    grade: fromPromise<Graded, GradeInput>(unmade('grade')),
    observe: fromPromise<void, ObserveInput>(unmade('observe')),
    apply: fromPromise<Applied, ApplyInput>(unmade('apply')),
    tap: fromCallback<TapEvent, TapInput>(unmade('tap')),
    close: fromPromise<void, { lab?: LabHandle }>(unmade('close')),
  },
  actions: {
    // Made real in actors.ts.
    takeUp: (_, _scenario: { name: string }) => {},
    listProgress: () => {},
    save: () => {},
    restoreFiles: () => {},
    readMine: () => {},
    forgetSeen: () => {},
    // What is known, changed.
    tick: assign(({ context }) => tick(context)),
    leaveOpen: assign(({ context }, { open }: { open: boolean }) => ({ kept: { ...context.kept, open } })),
    headFor: assign((_, { after }: { after: SessionContext['after'] }) => ({ after })),
    noteProgress: assign((_, { says }: { says: string }) => ({ says })),
    noteOpened: assign(({ context }, output: Opened) => opened(context, output)),
    noteGraded: assign(({ context }, output: Graded) => graded(context, output)),
    noteSeen: assign((_, { matrix }: { matrix: Matrix }) => ({ matrix })),
    noteApplied: assign(({ context }, output: Applied) => applied(context, output)),
    noteWork: assign(({ context }, { says }: { says: string[] }) => worked(context, says)),
    noteError: assign(({ context }, { error }: { error: unknown }) => complained(context, error)),
    noteFailure: assign((_, { error }: { error: unknown }) => ({
      says: error instanceof Error ? error.message : String(error),
    })),
    noteTap: assign((_, { tap }: { tap: TapView }) => ({ tap })),
    noteHint: assign(({ context }) => hinted(context)),
    noteSolution: assign(({ context }) => solutionSeen(context)),
    advance: assign(({ context }) => advanced(context)),
    resetStep: assign(({ context }) => stepReset(context)),
    resetLab: assign(({ context }) => labReset(context)),
    toApply: assign((_, { path }: { path: string }) => ({ toApply: path, applyAgain: true })),
    markApplying: assign({ applyAgain: false }),
    markDirty: assign({ dirty: true }),
    markClean: assign({ dirty: false }),
    forgetLab: assign({ lab: undefined, notice: undefined }),
  },
  guards: {
    isKnown: ({ context }, { name }: { name: string }) =>
      context.items.some(({ scenario }) => scenario.metadata.name === name),
    stepPassed: ({ context }) => isStepPassed(context) && !context.finished,
    hasHint: ({ context }) => context.hints < (currentStep(context)?.hints.length ?? 0),
    byLearner: (_, { byLearner }: { byLearner: boolean }) => byLearner,
    savedMeanwhile: ({ context }) => context.applyAgain,
    isDirty: ({ context }) => context.dirty,
    isAfter: ({ context }, { after }: { after: SessionContext['after'] }) => context.after === after,
  },
}).createMachine({
  id: 'session',
  context: ({ input }) => initialContext(input),
  initial: 'picking',
  states: {
    picking: {
      description: 'The catalogue is on the screen.',
      entry: 'listProgress',
      on: {
        OPEN: {
          guard: { type: 'isKnown', params: ({ event }) => ({ name: event.scenario }) },
          target: 'opening',
          actions: { type: 'takeUp', params: ({ event }) => ({ name: event.scenario }) },
        },
        QUIT: 'closed',
      },
    },

    opening: {
      description: 'A cluster starts, the lab goes in, and what the learner had made comes back.',
      entry: 'save',
      invoke: {
        src: 'open',
        input: ({ context, self }) => ({
          item: context.item,
          kept: context.kept,
          say: (says: string) => self.send({ type: 'PROGRESS', says }),
        }),
        onDone: {
          target: 'lab',
          actions: [{ type: 'noteOpened', params: ({ event }) => event.output }, 'tick', 'save'],
        },
        onError: {
          target: 'failed',
          actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) },
        },
      },
      on: {
        PROGRESS: { actions: { type: 'noteProgress', params: ({ event }) => ({ says: event.says }) } },
        LEAVE: { target: 'closing', actions: { type: 'headFor', params: { after: 'picking' } } },
        QUIT: { target: 'closing', actions: { type: 'headFor', params: { after: 'closed' } } },
      },
    },

    failed: {
      description: 'The cluster could not be had, or was lost; the screen says why and what to do.',
      on: {
        RETRY: 'opening',
        LEAVE: 'picking',
        QUIT: 'closed',
      },
    },

    lab: {
      description: 'The learner works.',
      initial: 'grading',
      invoke: [
        { src: 'watch', input: ({ context }) => ({ lab: context.lab }) },
        {
          src: 'watchFiles',
          id: 'watchFiles',
          input: ({ context }) => ({ item: context.item, step: context.kept.progress.step }),
        },
        { src: 'tap', id: 'tap', input: ({ context }) => ({ lab: context.lab, step: currentStep(context) }) },
      ],
      on: {
        CHANGED: [
          {
            guard: { type: 'byLearner', params: ({ event }) => event },
            actions: [{ type: 'noteWork', params: ({ event }) => event }, 'tick', 'save', 'markDirty'],
          },
          { actions: 'markDirty' },
        ],
        CHECK: { actions: ['save', 'forgetSeen', 'markDirty'] },
        HINDERED: { actions: { type: 'noteError', params: ({ event }) => ({ error: event.says }) } },
        TAP: { actions: sendTo('tap', ({ event }) => event) },
        TAPPED: { actions: { type: 'noteTap', params: ({ event }) => event } },
        EDITED: { actions: sendTo('watchFiles', { type: 'LOOK' }) },
        SAVED: {
          target: '.applying',
          actions: [{ type: 'toApply', params: ({ event }) => ({ path: event.path }) }, 'readMine'],
        },
        HINT: { guard: 'hasHint', actions: ['noteHint', 'tick', 'save'] },
        SOLUTION: { actions: ['noteSolution', 'readMine', 'tick', 'save'] },
        NEXT: { guard: 'stepPassed', target: 'lab', reenter: true, actions: ['tick', 'advance', 'save'] },
        RESET_STEP: {
          target: 'closing',
          actions: ['resetStep', 'restoreFiles', { type: 'headFor', params: { after: 'opening' } }],
        },
        RESET_LAB: { target: 'closing', actions: ['resetLab', { type: 'headFor', params: { after: 'opening' } }] },
        LOST: {
          target: 'closing',
          actions: [
            { type: 'noteFailure', params: ({ event }) => ({ error: event.says }) },
            { type: 'headFor', params: { after: 'failed' } },
          ],
        },
        LEAVE: {
          target: 'closing',
          actions: [
            'tick',
            { type: 'leaveOpen', params: { open: false } },
            { type: 'headFor', params: { after: 'picking' } },
          ],
        },
        QUIT: { target: 'closing', actions: ['tick', { type: 'headFor', params: { after: 'closed' } }] },
      },
      states: {
        waiting: {
          description:
            'Everything is graded; the map is probed. A change ends that, and starts the next grading at once.',
          always: { guard: 'isDirty', target: 'grading' },
          invoke: {
            src: 'observe',
            input: ({ context, self }) => ({
              lab: context.lab,
              seen: (matrix: Matrix) => self.send({ type: 'SEEN', matrix }),
            }),
            onError: { actions: { type: 'noteError', params: ({ event }) => ({ error: event.error }) } },
          },
          on: {
            SEEN: { actions: { type: 'noteSeen', params: ({ event }) => event } },
          },
        },

        grading: {
          description: 'Probes are on their way. What changes meanwhile is graded right after, never at the same time.',
          entry: 'markClean',
          invoke: {
            src: 'grade',
            input: ({ context }) => ({ lab: context.lab, step: currentStep(context) }),
            onDone: {
              target: 'waiting',
              actions: [{ type: 'noteGraded', params: ({ event }) => event.output }, 'save'],
            },
            onError: {
              target: 'waiting',
              actions: { type: 'noteError', params: ({ event }) => ({ error: event.error }) },
            },
          },
        },

        applying: {
          description: 'A saved file goes to the cluster, as kubectl apply would send it.',
          entry: 'markApplying',
          invoke: {
            src: 'apply',
            input: ({ context }) => ({ lab: context.lab, path: context.toApply ?? '' }),
            onDone: [
              {
                guard: 'savedMeanwhile',
                target: 'applying',
                reenter: true,
                actions: { type: 'noteApplied', params: ({ event }) => event.output },
              },
              { target: 'grading', actions: { type: 'noteApplied', params: ({ event }) => event.output } },
            ],
            onError: {
              target: 'grading',
              actions: { type: 'noteError', params: ({ event }) => ({ error: event.error }) },
            },
          },
          on: {
            // The older text must not arrive last.
            SAVED: { actions: [{ type: 'toApply', params: ({ event }) => ({ path: event.path }) }, 'readMine'] },
          },
        },
      },
    },

    closing: {
      description: 'The cluster goes away; progress is safe already.',
      entry: 'save',
      invoke: {
        src: 'close',
        input: ({ context }) => ({ lab: context.lab }),
        onDone: [
          { guard: { type: 'isAfter', params: { after: 'opening' } }, target: 'opening', actions: 'forgetLab' },
          { guard: { type: 'isAfter', params: { after: 'failed' } }, target: 'failed', actions: 'forgetLab' },
          { guard: { type: 'isAfter', params: { after: 'closed' } }, target: 'closed', actions: 'forgetLab' },
          { target: 'picking', actions: 'forgetLab' },
        ],
      },
      on: {
        // Asked to quit while a lab goes away for another reason.
        QUIT: { actions: { type: 'headFor', params: { after: 'closed' } } },
      },
    },

    closed: {
      description: 'Nothing is left running.',
      type: 'final',
    },
  },
})
