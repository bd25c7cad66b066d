/**
 * One exam, from its list of tasks to its results. The picture comes first; what each name does to what is known stands
 * in context.ts, and what it does to the world in actors.ts. `docs/exam.mmd` is drawn from this machine.
 */
import { assign, fromCallback, fromPromise, sendTo, setup } from 'xstate'
import type { Applied } from '../session/apply-file.ts'
import type { UserEvent } from '../session/types.ts'
import {
  applied,
  chosen,
  type ExamContext,
  type ExamInput,
  ended,
  finished,
  type Graded,
  initialContext,
  isOver,
  marked,
  opened,
  ticked,
  worked,
} from './context.ts'
import type { KeptExam } from './kept.ts'
import type { LabEvent, OpenedTask } from './labs.ts'

/** What the world tells the exam; the rest of the events are the candidate's. */
export type WorldEvent =
  | LabEvent
  | { type: 'TICK' }
  | { type: 'PROGRESS'; says: string }
  | { type: 'SAVED'; path: string }

export type ExamMachineEvent = UserEvent | WorldEvent

export interface OpenInput {
  kept: KeptExam
  say: (says: string) => void
}
export type GradeInput = OpenInput
export interface FilesInput {
  task: number
}
export interface ApplyInput {
  task: number
  path: string
}

/** Stands for an effect until it is provided. */
const unmade = (name: string) => (): never => {
  throw new Error(`the exam's "${name}" was not provided`)
}

const sayTo = (self: { send: (event: { type: 'PROGRESS'; says: string }) => void }) => (says: string) =>
  self.send({ type: 'PROGRESS', says })

export const examMachine = setup({
  types: {
    context: {} as ExamContext,
    events: {} as ExamMachineEvent,
    input: {} as ExamInput,
  },
  actors: {
    clock: fromCallback<{ type: 'TICK' }>(unmade('clock')),
    labs: fromCallback<LabEvent>(unmade('labs')),
    watchFiles: fromCallback<{ type: 'LOOK' }, FilesInput>(unmade('watchFiles')),
    open: fromPromise<OpenedTask, OpenInput>(unmade('open')),
    apply: fromPromise<Applied, ApplyInput>(unmade('apply')),
    grade: fromPromise<Graded, GradeInput>(unmade('grade')),
    close: fromPromise<void>(unmade('close')),
  },
  actions: {
    // Made real in actors.ts.
    save: () => {},
    readNotes: () => {},
    // What is known, changed.
    count: assign(({ context }) => ticked(context, false)),
    countForTask: assign(({ context }) => ticked(context, true)),
    choose: assign(({ context }, { task }: { task: number }) => chosen(context, task)),
    flag: assign(({ context }, { task }: { task: number }) => marked(context, task, 'flagged')),
    markDone: assign(({ context }, { task }: { task: number }) => marked(context, task, 'done')),
    noteProgress: assign((_, { says }: { says: string }) => ({ says })),
    noteOpened: assign(({ context }, output: OpenedTask) => opened(context, output)),
    noteWork: assign(({ context }, { task, work, says }: Extract<LabEvent, { type: 'CHANGED' }>) =>
      worked(context, task, work, says),
    ),
    noteFailure: assign((_, { error }: { error: unknown }) => ({
      kubeconfig: undefined,
      says: error instanceof Error ? error.message : String(error),
    })),
    noteApplied: assign(({ context }, output: Applied) => applied(context, output)),
    toApply: assign((_, { path }: { path: string }) => ({ toApply: path, applyAgain: true })),
    markApplying: assign({ applyAgain: false }),
    forgetNotice: assign({ notice: undefined }),
    end: assign(({ context }) => ended(context)),
    noteGraded: assign(({ context }, output: Graded) => finished(context, output)),
  },
  guards: {
    isOver: ({ context }) => isOver(context),
    isTask: ({ context }, { task }: { task: number }) => context.kept.tasks[task] !== undefined,
    isOnScreen: ({ context }, { task }: { task: number }) => context.kept.current === task,
    savedMeanwhile: ({ context }) => context.applyAgain,
  },
}).createMachine({
  id: 'exam',
  context: ({ input }) => initialContext(input),
  initial: 'running',
  states: {
    running: {
      description: 'The clock runs.',
      initial: 'choosing',
      invoke: [{ src: 'clock' }, { src: 'labs' }],
      always: { guard: 'isOver', target: 'grading' },
      on: {
        TICK: { actions: 'count' },
        CHANGED: { actions: [{ type: 'noteWork', params: ({ event }) => event }, 'save'] },
        OPEN_TASK: {
          guard: { type: 'isTask', params: ({ event }) => event },
          target: '.opening',
          actions: ['forgetNotice', { type: 'choose', params: ({ event }) => event }, 'save'],
        },
        FLAG: {
          guard: { type: 'isTask', params: ({ event }) => event },
          actions: ['forgetNotice', { type: 'flag', params: ({ event }) => event }, 'save'],
        },
        DONE: {
          guard: { type: 'isTask', params: ({ event }) => event },
          actions: ['forgetNotice', { type: 'markDone', params: ({ event }) => event }, 'save'],
        },
        NOTED: { actions: ['forgetNotice', 'readNotes'] },
        FINISH: 'grading',
        QUIT: 'closing',
      },
      states: {
        choosing: {
          description: 'The tasks are on the screen, with their weights and what the candidate says of them.',
        },

        opening: {
          description: "The task's cluster starts, the earlier steps are made, and the candidate's work comes back.",
          entry: 'countForTask',
          invoke: {
            src: 'open',
            input: ({ context, self }) => ({ kept: context.kept, say: sayTo(self) }),
            onDone: {
              target: 'working',
              actions: ['countForTask', { type: 'noteOpened', params: ({ event }) => event.output }, 'save'],
            },
            onError: {
              target: 'failed',
              actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) },
            },
          },
          on: {
            TICK: { actions: 'countForTask' },
            PROGRESS: { actions: { type: 'noteProgress', params: ({ event }) => event } },
            LEAVE: { target: 'choosing', actions: ['countForTask', 'save'] },
          },
        },

        failed: {
          description: "The task's cluster could not be had, or was lost; the screen says why.",
          on: { RETRY: 'opening', LEAVE: 'choosing' },
        },

        working: {
          description: 'The candidate works on a task. Nothing is graded.',
          initial: 'waiting',
          invoke: {
            src: 'watchFiles',
            id: 'watchFiles',
            input: ({ context }) => ({ task: context.kept.current }),
          },
          on: {
            TICK: { actions: 'countForTask' },
            EDITED: { actions: sendTo('watchFiles', { type: 'LOOK' }) },
            SAVED: { target: '.applying', actions: { type: 'toApply', params: ({ event }) => event } },
            LOST: {
              guard: { type: 'isOnScreen', params: ({ event }) => event },
              target: 'failed',
              actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.says }) },
            },
            LEAVE: { target: 'choosing', actions: ['forgetNotice', 'countForTask', 'save'] },
          },
          states: {
            waiting: {},
            applying: {
              description: 'A saved file goes to the cluster, as kubectl apply would send it.',
              entry: 'markApplying',
              invoke: {
                src: 'apply',
                input: ({ context }) => ({ task: context.kept.current, path: context.toApply ?? '' }),
                onDone: [
                  {
                    guard: 'savedMeanwhile',
                    target: 'applying',
                    reenter: true,
                    actions: { type: 'noteApplied', params: ({ event }) => event.output },
                  },
                  { target: 'waiting', actions: { type: 'noteApplied', params: ({ event }) => event.output } },
                ],
                onError: {
                  target: 'waiting',
                  actions: {
                    type: 'noteApplied',
                    params: ({ event }) => ({ ok: false, says: String((event.error as Error).message) }),
                  },
                },
              },
              on: {
                // The older text must not arrive last.
                SAVED: { actions: { type: 'toApply', params: ({ event }) => event } },
              },
            },
          },
        },
      },
    },

    grading: {
      description: 'Each task that was opened is graded, one cluster after the other. A kill starts this anew.',
      entry: ['end', 'save'],
      invoke: {
        src: 'grade',
        input: ({ context, self }) => ({ kept: context.kept, say: sayTo(self) }),
        onDone: {
          target: 'results',
          actions: [{ type: 'noteGraded', params: ({ event }) => event.output }, 'save'],
        },
        onError: {
          target: 'stuck',
          actions: { type: 'noteFailure', params: ({ event }) => ({ error: event.error }) },
        },
      },
      on: {
        PROGRESS: { actions: { type: 'noteProgress', params: ({ event }) => event } },
        QUIT: 'closing',
      },
    },

    stuck: {
      description: 'Grading failed as a whole; it can be tried again.',
      on: { RETRY: 'grading', LEAVE: 'closing', QUIT: 'closing' },
    },

    results: {
      description: 'Score, what was missed, and which scenario teaches it.',
      on: { LEAVE: 'closing', QUIT: 'closing' },
    },

    closing: {
      description: 'The clusters go away; everything is safe already.',
      invoke: { src: 'close', onDone: 'closed', onError: 'closed' },
    },

    closed: {
      description: 'Nothing is left running.',
      type: 'final',
    },
  },
})
