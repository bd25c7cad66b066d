/** A tiny lab with a scenario in which nothing is wrong, and what lint says of them with something changed. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { lintPaths } from '../../../src/content/lint.ts'

export const lab = `apiVersion: meshdojo.dev/v1
kind: Lab
metadata: {name: tiny, title: Tiny, mesh: istio}
spec:
  says: two pods
  manifests: [world.yaml]
  matrix:
    sources: [a/client]
    targets: [{name: web, url: "http://web.a/"}]
`
export const world = `apiVersion: v1
kind: Namespace
metadata: {name: a}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: client, namespace: a}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: a}
spec: {ports: [{port: 80}]}
`
export const because = 'because '.repeat(30)
export const scenario = `apiVersion: meshdojo.dev/v1
kind: Scenario
metadata: {name: tiny-one, title: One, mesh: istio, minutes: 5, difficulty: easy}
spec:
  lab: tiny
  steps:
    - id: first
      title: First
      task: Reach it.
      hints: [one, two, three]
      checks:
        - id: reach
          says: the client reaches the web
          request: {from: a/client, to: "http://web.a/", expect: {status: 200}}
        - id: there
          says: it is there
          object: {apiVersion: v1, kind: ConfigMap, where: "object.data.x == 'y'"}
      solution: |
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: x}
      alternatives:
        - id: by-command
          apply: {run: ["kubectl label configmap x a=b"]}
        - id: another
          apply: |
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: other}
      mistakes:
        - id: wrong
          apply: {run: ["kubectl label namespace a b=c"]}
          fails: reach
          feedback: No.
        - id: wronger
          apply: |
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: z}
          fails: there
          feedback: No.
      explanation: ${because}
`

/** Writes a content folder, lints it, and gives problems without the folder's name. */
export const lint = async (files: Record<string, string>): Promise<string[]> => {
  const root = mkdtempSync(join(tmpdir(), 'lint-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  const all = { 'labs/tiny/lab.yaml': lab, 'labs/tiny/world.yaml': world, ...files }
  for (const [name, text] of Object.entries(all)) {
    const file = join(root, name)
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, text)
  }
  const problems = await lintPaths([root])
  return problems.map(({ file, line, column, message }) => {
    const short = file.slice(file.indexOf('labs/') < 0 ? file.indexOf('scenarios/') : file.indexOf('labs/'))
    return `${short.split('/').at(-1)}:${line}:${column} ${message}`
  })
}

export const path = 'scenarios/istio/01-one/scenario.yaml'

/** With one thing in the scenario as something else. */
export const edited = (from: string, to: string): Promise<string[]> => {
  expect(scenario).toContain(from)
  return lint({ [path]: scenario.replace(from, to) })
}

/** One thing wrong, and how the complaint about it begins. */
export type Row = [what: string, from: string, to: string, message: string]

export const complains = async (_: string, from: string, to: string, message: string): Promise<void> => {
  const found = await edited(from, to)
  expect(found.find((each) => each.startsWith(message)) ?? found).toEqual(expect.stringContaining(message))
}
