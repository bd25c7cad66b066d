/** Whether solutions, alternatives and the setup can be made. */
import { test } from 'vitest'
import { complains, type Row } from './fixture.ts'

test.each<Row>([
  [
    'an alternative that no kubectl could make',
    'kubectl label configmap x a=b',
    'kubectl lable configmap x a=b',
    'scenario.yaml:24:25 kubectl lable is not supported here (did you mean "label"?); supported are label, annotate, rollout restart, delete, scale, patch',
  ],
  [
    'no alternatives',
    'alternatives:\n        - id: by-command\n          apply: {run: ["kubectl label configmap x a=b"]}\n        - id: another\n          apply: |\n            apiVersion: v1\n            kind: ConfigMap\n            metadata: {name: other}\n      ',
    '',
    'scenario.yaml:7:7 at least two alternatives, other right answers, are expected; there are 0',
  ],
  [
    'a change of nothing',
    '{run: ["kubectl label configmap x a=b"]}',
    '{}',
    'scenario.yaml:24:18 the change is empty: apply, delete or run is expected',
  ],
  [
    'a text without a manifest',
    '{run: ["kubectl label configmap x a=b"]}',
    '{apply: "# later"}',
    'scenario.yaml:24:26 there is no manifest in this text',
  ],
  [
    'a change that is neither text nor map',
    '{run: ["kubectl label configmap x a=b"]}',
    '7',
    'scenario.yaml:24:18 spec.steps[0].alternatives[0].apply must be a text, or a map; it is the number 7',
  ],
  [
    'a setup that does not parse',
    '  lab: tiny',
    '  lab: tiny\n  setup: "kind: X"',
    'scenario.yaml:6:10 apiVersion is not set',
  ],
  [
    'a manifest that is not YAML',
    '        metadata: {name: x}\n      alternatives',
    '        metadata: {name: x\n      alternatives',
    'scenario.yaml:22:9 Flow map',
  ],
  [
    'a manifest without a kind',
    '        kind: ConfigMap\n        metadata: {name: x}',
    '        metadata: {name: x}',
    'scenario.yaml:19:9 kind is not set',
  ],
  [
    'a command that is not supported',
    'kubectl label namespace a b=c',
    'kubectl exec x',
    'scenario.yaml:32:25 kubectl exec is not supported here; supported are label, annotate, rollout restart, delete, scale, patch',
  ],
  [
    'a command that needs a shell',
    'kubectl label namespace a b=c',
    'kubectl delete pod x | cat',
    'scenario.yaml:32:25 "|" needs a shell, and commands run without one',
  ],
  [
    'a program that is not kubectl',
    'kubectl label namespace a b=c',
    'rm -rf /',
    'scenario.yaml:32:25 only kubectl commands can be run, not "rm"',
  ],
])('%s', complains)
