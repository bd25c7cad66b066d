/** A proxy's `/config_dump` against what istiod itself made of the same objects: test/cases/istio/proxy-config/recorded.yaml. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import type { Pod } from '../../../src/kube/kinds.ts'
import { istio } from '../../../src/meshes/istio/index.ts'
import { proxyConfig } from '../../../src/meshes/istio/proxy-config/index.ts'
import { configLines } from './config-lines.ts'
import { expand, worldWith } from './world.ts'

interface Row {
  name: string
  pod: string
  objects?: Parameters<typeof expand>[0][]
  lines: string[]
}

const rows = parse(
  readFileSync(new URL('../../cases/istio/proxy-config/recorded.yaml', import.meta.url), 'utf8'),
) as Row[]

// biome-ignore lint/suspicious/noExplicitAny: as config-lines.ts
const read = (configs: any[]) => {
  // biome-ignore lint/suspicious/noExplicitAny: as config-lines.ts
  const all = (key: string, pick: (entry: any) => unknown): unknown[] =>
    configs.flatMap((config) => (config[key] ?? []).map(pick))
  return {
    clusters: all('dynamic_active_clusters', ({ cluster }) => cluster),
    listeners: all('dynamic_listeners', ({ active_state }) => active_state.listener),
    routes: all('dynamic_route_configs', ({ route_config }) => route_config),
  }
}

test.each(rows)('$name', ({ pod: path, objects = [], lines }) => {
  const world = worldWith(objects.map(expand))
  const pods = world.filter((object): object is Pod => object.kind === 'Pod')
  const pod = pods.find(({ metadata }) => `${metadata.namespace}/${metadata.name}` === path) as Pod
  const named = (line: string): string =>
    pods.reduce(
      (text, { metadata, status }) => text.replaceAll(`${status?.podIP}_`, `<${metadata.namespace}/${metadata.name}>_`),
      line,
    )
  expect(configLines(read(proxyConfig.dump(istio.compile(world, { parseYaml: parse }).model, pod))).map(named)).toEqual(
    lines,
  )
})
