/**
 * Telemetry of the simulated proxies: turns every finished exchange into lines of their logs and numbers on their
 * metrics pages. What is written is the mesh's word; here is where it is kept.
 */
import { randomUUID } from 'node:crypto'
import type { Pod } from '../../kube/kinds.ts'
import { parseYaml } from '../../kube/yaml.ts'
import type { Mesh } from '../../meshes/mesh.ts'
import type { ProxyReport, Sample } from '../../meshes/traffic.ts'
import { cached } from '../dataplane/model.ts'
import type { Traffic } from '../dataplane/traffic.ts'
import type { Registry } from '../registry.ts'
import { createExpressions } from './expressions.ts'
import { createSeries, type SeriesSet } from './series.ts'

export interface Telemetry {
  /** Takes in one finished exchange. @param model the mesh's, as it was then */
  observe(traffic: Traffic, model: unknown): void
  /** The numbers of that pod's proxy. */
  seriesOf(pod: Pod): SeriesSet
  /** The pod is gone. */
  forget(pod: Pod): void
  stop(): void
}

export interface TelemetryOptions {
  registry: Registry
  mesh: Mesh
  /** A line for a container's log. */
  log: (pod: Pod, container: string, line: string) => void
}

/** Reports of a proxy that may wait until somebody reads its numbers. */
const mostDue = 200

export const createTelemetry = ({ registry, mesh, log }: TelemetryOptions): Telemetry => {
  const { telemetry } = mesh
  const settings = cached(registry, telemetry?.reads ?? [], (objects) => telemetry?.compile(objects, parseYaml))
  const evaluate = createExpressions()
  const byPod = new Map<string, { series: SeriesSet; due: ProxyReport[] }>()
  const complained = new Set<string>()

  const numbersOf = ({ metadata }: Pod): { series: SeriesSet; due: ProxyReport[] } => {
    const key = metadata.uid ?? `${metadata.namespace}/${metadata.name}`
    let numbers = byPod.get(key)
    if (!numbers) {
      numbers = { series: createSeries(), due: [] }
      byPod.set(key, numbers)
    }
    return numbers
  }

  /** An expression that this engine cannot read is said once, where the line or label would have been. */
  const complain = ({ pod, container }: ProxyReport, expression: string, problem: string): void => {
    const key = `${pod.metadata.uid} ${expression}`
    if (complained.has(key)) return
    complained.add(key)
    log(pod, container, `meshdojo: the expression ${JSON.stringify(expression)} cannot be evaluated: ${problem}`)
  }

  const passes = (report: ProxyReport, expression: string): boolean => {
    const result = evaluate(expression, report.attributes)
    if ('problem' in result) complain(report, expression, result.problem)
    return 'value' in result && result.value === true
  }

  const labelsOf = (report: ProxyReport, { labels, computed }: Sample): Record<string, string> => {
    if (computed === undefined) return labels
    const values = Object.entries(computed).map(([name, expression]) => {
      const result = evaluate(expression, report.attributes)
      if ('problem' in result) complain(report, expression, result.problem)
      const value = 'value' in result ? result.value : undefined
      return [name, value === undefined || value === null || typeof value === 'object' ? 'unknown' : String(value)]
    })
    return { ...labels, ...Object.fromEntries(values) }
  }

  /** Adds up what has been put off. */
  const countUp = ({ series, due }: { series: SeriesSet; due: ProxyReport[] }): SeriesSet => {
    for (const report of due.splice(0)) {
      for (const [name, value] of Object.entries(report.stats)) series.count(name, value)
      for (const sample of report.samples) series.add({ ...sample, labels: labelsOf(report, sample) })
    }
    return series
  }

  return {
    observe(traffic, model) {
      if (!telemetry) return
      for (const report of telemetry.report(model, settings.get(), traffic, randomUUID())) {
        for (const { text, when } of report.lines)
          if (when === undefined || passes(report, when)) log(report.pod, report.container, text)
        const numbers = numbersOf(report.pod)
        if (numbers.due.push(report) > mostDue) countUp(numbers)
      }
    },
    seriesOf: (pod) => countUp(numbersOf(pod)),
    forget({ metadata }) {
      byPod.delete(metadata.uid ?? `${metadata.namespace}/${metadata.name}`)
    },
    stop: settings.stop,
  }
}
