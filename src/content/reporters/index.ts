/** The reporters of `meshdojo verify --reporter`. */
import { github } from './github.ts'
import { json } from './json.ts'
import { junit } from './junit.ts'
import { pretty } from './pretty.ts'
import type { Reporter } from './reporter.ts'
import { tap } from './tap.ts'

export type { Reporter } from './reporter.ts'

export const reporterNames = ['pretty', 'json', 'junit', 'tap', 'github'] as const
export type ReporterName = (typeof reporterNames)[number]

export const reporters: Readonly<Record<ReporterName, Reporter>> = { pretty, json, junit, tap, github }
