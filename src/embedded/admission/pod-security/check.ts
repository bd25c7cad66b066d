/** One rule of the Pod Security Standards, with the versions in which it changed. */
import type { SecuredPod } from './pod.ts'

/** What is wrong: the reason in short, and the detail that a single pod's refusal adds in parentheses. */
export interface Violation {
  reason: string
  detail: string
}

export type Examine = (pod: SecuredPod) => Violation | undefined

export interface Check {
  /** Orders the messages. */
  id: string
  level: 'baseline' | 'restricted'
  /** Checks of the baseline that this one takes the place of, from its first version on. */
  overrides?: string[]
  /** From which minor version of 1.x on which rule holds, the oldest first. */
  versions: [minor: number, examine: Examine][]
}
