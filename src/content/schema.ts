/**
 * Labs and scenarios as data: the contract of `scenario.yaml` and `lab.yaml`. Unknown fields are errors everywhere.
 * Types are inferred, so the schema is the only place that states the format.
 */
import { z } from 'zod'
import { competencies } from './competencies.ts'
import { tracks } from './tracks.ts'

const name = z.string().regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'lower-case letters, digits and dashes')
const text = z.string().min(1)
const workload = z.string().regex(/^[a-z0-9-]+\/[a-z0-9-]+$/, 'namespace/workload, for example legacy/client')

/** A step's or mistake's change: manifests as text, or commands (kubectl only) under `run`. */
const change = z.union([
  text,
  z.strictObject({
    apply: text.optional(),
    delete: text.optional().describe('manifests whose objects are deleted'),
    run: z.array(text).min(1).optional().describe('kubectl commands, without a shell'),
  }),
])

const outcome = z.enum(['refused', 'dropped', 'denied', 'ok'])

const count = z
  .strictObject({
    status: z.union([z.number().int().min(100).max(599), z.array(z.number().int())]).optional(),
    body: z.string().optional().describe('a text that the body contains'),
    header: z.record(z.string(), z.string()).optional().describe('response headers'),
    atLeast: z.number().int().min(0).optional(),
    atMost: z.number().int().min(0).optional(),
  })
  .refine(({ atLeast, atMost }) => atLeast !== undefined || atMost !== undefined, {
    message: 'atLeast or atMost is expected',
  })

const requestCheck = z.strictObject({
  from: workload,
  to: z
    .string()
    .regex(/^(http|https|tcp):\/\//, 'a URL: http://service.namespace/path or tcp://service.namespace:port'),
  method: z.string().default('GET'),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  times: z
    .number()
    .int()
    .min(1)
    .max(200)
    .optional()
    .describe('sends it so often, after all requests that are sent once; needs expect.counts'),
  parallel: z.number().int().min(1).max(50).optional().describe('how many of them at the same time; one'),
  expect: z.union([
    outcome,
    z.strictObject({
      status: z.union([z.number().int().min(100).max(599), z.array(z.number().int())]).optional(),
      outcome: z
        .union([outcome, z.array(outcome).min(1)])
        .optional()
        .describe('one, or any of several'),
      mtls: z.boolean().optional(),
      identity: z.string().optional().describe('principal without spiffe://, as the receiver saw the caller'),
      body: z.string().optional().describe('a text that the body contains'),
      header: z.record(z.string(), z.string()).optional().describe('response headers'),
      counts: z.array(count).min(1).optional().describe('how many answers of a kind, with `times`'),
    }),
  ]),
})

const objectCheck = z.strictObject({
  apiVersion: text,
  kind: text,
  namespace: z.string().optional(),
  name: z.string().optional().describe('absent: any object of the kind in the namespace'),
  where: z.string().optional().describe('CEL over `object`; must hold'),
  absent: z.boolean().optional(),
})

/** Lines and counters outlive what wrote them: a policy that is undone, a grading of an hour ago. */
const fresh = z
  .boolean()
  .optional()
  .describe('looks only at what was written since this grading began: by its requests, before or after an undo')

const logCheck = z.strictObject({
  from: workload,
  container: z.string().optional().describe("absent: the mesh's sidecar"),
  matches: text.describe('a regular expression over one line'),
  fresh,
  absent: z.boolean().optional().describe('there must be no such line; needs fresh'),
})

const metricCheck = z.strictObject({
  from: workload,
  series: text.describe('a series selector: istio_requests_total{response_code="403"}'),
  where: z.string().default('value > 0').describe('CEL over `value`, the sum'),
  fresh,
})

const eventCheck = z.strictObject({
  namespace: name,
  reason: z.string().optional(),
  object: z.string().optional().describe('Kind/name, or Kind'),
  matches: z.string().optional().describe('a regular expression over the message'),
})

const check = z
  .strictObject({
    id: name,
    says: text,
    request: requestCheck.optional(),
    object: objectCheck.optional(),
    log: logCheck.optional(),
    metric: metricCheck.optional(),
    event: eventCheck.optional(),
  })
  .refine((c) => [c.request, c.object, c.log, c.metric, c.event].filter(Boolean).length === 1, {
    message: 'exactly one of request, object, log, metric, event',
  })

const step = z.strictObject({
  id: name,
  title: text,
  task: text.describe('Markdown: what to reach, never how'),
  files: z.array(z.strictObject({ name: text, content: text })).default([]),
  hints: z.array(text).min(1),
  checks: z.array(check).min(1),
  solution: change,
  alternatives: z
    .array(z.strictObject({ id: name, apply: change }))
    .optional()
    .describe('other right answers, which must pass as the solution does: other names, rules split, a wider level'),
  equivalents: z
    .array(
      z.strictObject({
        mutant: text.describe('as `verify --mutants` names it; * stands for any text'),
        because: text,
      }),
    )
    .optional()
    .describe('changed solutions that are right all the same, and why'),
  mistakes: z
    .array(
      z.strictObject({
        id: name,
        apply: change,
        fails: name.describe('the check of this step that catches it'),
        feedback: text,
        signs: z
          .array(objectCheck)
          .min(1)
          .optional()
          .describe('how live objects give it away, when its manifests alone cannot: all must hold'),
      }),
    )
    .default([])
    .describe('what learners really get wrong, and the check that must catch it'),
  explanation: text,
})

const matrix = z
  .strictObject({
    sources: z.array(workload).describe('rows, in this order'),
    targets: z
      .array(z.strictObject({ name: text, url: text }))
      .describe('columns: a short name and the request that stands for it'),
  })
  .describe('what the who-can-reach-whom table shows')

export const scenarioSchema = z.strictObject({
  apiVersion: z.literal('meshdojo.dev/v1'),
  kind: z.literal('Scenario'),
  metadata: z.strictObject({
    name,
    title: text,
    mesh: z.enum(['istio', 'linkerd', 'cilium', 'consul']),
    track: z.enum(tracks).optional().describe('its group in the picker; absent: the first tag that names one'),
    minutes: z.number().int().positive(),
    difficulty: z.enum(['easy', 'medium', 'hard']),
    cks: z
      .array(z.enum(competencies))
      .default([])
      .describe('CKS core competencies that it trains; empty: beyond the exam'),
    tags: z.array(text).default([]),
    summary: z.string().optional().describe('one or two sentences for the picker'),
  }),
  spec: z.strictObject({
    lab: name,
    setup: text
      .optional()
      .describe('manifests on top of the lab: objects that it lacks, or that replace its own of the same name'),
    matrix: matrix.optional().describe("instead of the lab's table"),
    steps: z.array(step).min(1),
  }),
})

export const labSchema = z.strictObject({
  apiVersion: z.literal('meshdojo.dev/v1'),
  kind: z.literal('Lab'),
  metadata: z.strictObject({ name, title: text, mesh: z.enum(['istio', 'linkerd', 'cilium', 'consul']) }),
  spec: z.strictObject({
    says: text.describe('what this world is, for the picker and the docs'),
    manifests: z
      .array(z.string().regex(/^\w[\w.-]*$/, 'the name of a file beside lab.yaml'))
      .min(1)
      .describe('files beside lab.yaml, applied in order'),
    install: z
      .strictObject({
        version: z
          .string()
          .regex(/^\d+\.\d+\.\d+$/, 'a version such as 1.30.3')
          .optional()
          .describe("of the mesh; absent: meshdojo's tested one"),
        settings: z
          .record(text, z.string())
          .optional()
          .describe("values of the mesh's chart (istiod's, linkerd-control-plane's), whichever program installs it"),
      })
      .optional()
      .describe('how the mesh is installed in a real cluster'),
    matrix,
  }),
})

export type Scenario = z.infer<typeof scenarioSchema>
export type Lab = z.infer<typeof labSchema>
export type ScenarioStep = Scenario['spec']['steps'][number]
export type Check = ScenarioStep['checks'][number]
export type RequestCheck = NonNullable<Check['request']>
export type Change = ScenarioStep['solution']
