/** What a scenario trains, by the CKS competencies of its `cks`; a scenario without any trains `beyond`. */

const BEYOND = 'beyond'

/** Those of the CNCF's CKS curriculum that traffic between pods can train (github.com/cncf/curriculum). */
export const competencies = [
  'network-policies',
  'ingress-with-tls',
  'role-based-access-control',
  'service-accounts',
  'isolation-techniques',
  'pod-to-pod-encryption',
] as const

/** The names under which a scenario with these `cks` counts; never none. */
export const competenciesOf = (cks: readonly string[]): readonly string[] => (cks.length > 0 ? cks : [BEYOND])

/** The order in which they are told: what the exam asks for first, otherwise as given. */
export const beyondLast = (a: { name: string }, b: { name: string }): number =>
  Number(a.name === BEYOND) - Number(b.name === BEYOND)

/** `pod-to-pod-encryption` as people read it. */
export const competencyName = (slug: string): string => (slug === BEYOND ? 'beyond the CKS' : slug.replaceAll('-', ' '))
