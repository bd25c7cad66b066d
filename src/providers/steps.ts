/**
 * Getting a cluster as a list that reads aloud: each step says what it does, what to run, and how one sees that it
 * was done already. Nothing here runs anything; `kind/execute.ts` does. `--dry-run` shows the same list.
 */
import type { KubeObject } from '../kube/api.ts'
import type { Command } from '../shell/run.ts'
import type { Chart } from './kind/install/helm.ts'
import type { LabSpec } from './provider.ts'

/** A question to the machine or the cluster. It holds when the command ends with 0 and prints what `prints` asks for. */
export interface Asked {
  command: Command
  /** Whole lines of its output, in any order, or any output at all. */
  prints?: { line: string } | { lines: readonly string[] } | 'something'
}

/** What tells that a step was done: an answer, or a file that is only ever there whole. */
export type Test = Asked | { file: string }

export type Action =
  | { do: 'run'; command: Command /** Gets the output of `command` as its input. */; into?: Command }
  /** Puts a lab in, over the API. `remove`: what goes before; absent where nobody has looked. */
  | { do: 'lab'; lab: LabSpec; remove?: readonly KubeObject[] }
  /** Gives a file that was written whole its name. */
  | { do: 'rename'; from: string; to: string }
  /** Unpacks what this machine needs of a bundle, checked; nothing when it lies there already. */
  | { do: 'unpack'; bundle: string; folder: string }

export interface Step {
  id: string
  /** `Install Istio 1.30.3 with istioctl` */
  says: string
  actions: readonly Action[]
  /** All hold: the effect is there, and the step is skipped. Empty: always run, which must be harmless. */
  done: readonly Test[]
  /** Something half-made of an interrupted run is there: `clean` removes it first. */
  half?: { test: Asked; clean: Command /** Said instead, when an earlier run had finished this step. */; lost?: string }
  /** Seconds that it usually takes, before this machine has a time of its own. */
  typically: number
  /** What a step of Helm installs: a bundle has to bring it. */
  chart?: Chart
}

/** Steps of a plan, and the environment of everything in it: no child ever sees the learner's own kubeconfig. */
export interface Plan {
  says: string
  env: Record<string, string>
  /** Files that are written beside those that the commands write. */
  files?: readonly string[]
  steps: readonly Step[]
}

export const command = (says: string, ...run: [string, ...string[]]): Command => ({ run, says })
export const runs = (says: string, ...run: [string, ...string[]]): Action => ({
  do: 'run',
  command: command(says, ...run),
})

/** Deployments or DaemonSets of a namespace, by name, are rolled out; asks for at most `seconds`. */
const rolledOut = (namespace: string, workloads: readonly string[], seconds: number): Command[] =>
  workloads.map((workload) =>
    command(
      `Wait for ${workload} in ${namespace}`,
      'kubectl',
      'rollout',
      'status',
      workload,
      `--namespace=${namespace}`,
      `--timeout=${seconds}s`,
    ),
  )

/** The step that puts a lab in: done each time, which makes it fresh. */
export const labStep = (lab: LabSpec, remove?: readonly KubeObject[]): Step => ({
  id: 'lab',
  says: `Put the lab ${lab.name} in, and mark the cluster as a lab`,
  actions: [{ do: 'lab', lab, remove }],
  done: [],
  typically: 60,
})

/** The step that waits for them. */
export const waitFor = (id: string, says: string, namespace: string, workloads: readonly string[]): Step => ({
  id,
  says,
  actions: rolledOut(namespace, workloads, 300).map((each): Action => ({ do: 'run', command: each })),
  done: rolledOut(namespace, workloads, 1).map((each): Test => ({ command: each })),
  typically: 60,
})

/** Custom resource definitions are served. One that is missing is told at once; a busy machine needs seconds to ask. */
export const established = (crds: readonly string[]): Asked => ({
  command: command(
    'Ask for custom resource definitions',
    'kubectl',
    'wait',
    '--for=condition=Established',
    '--timeout=10s',
    ...crds.map((crd) => `crd/${crd}`),
  ),
})

/** Objects are there. */
export const there = (namespace: string, ...objects: string[]): Asked => ({
  command: command(`Look into ${namespace}`, 'kubectl', 'get', ...objects, `--namespace=${namespace}`, '--output=name'),
})
