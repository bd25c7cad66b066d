import { describe, expect, test } from 'vitest'
import { splitWords } from '../../src/content/argv.ts'
import { parseKubectl } from '../../src/content/kubectl-lite.ts'

describe('a line is split into words without a shell', () => {
  test.each<[line: string, words: string[]]>([
    ['a  b\tc', ['a', 'b', 'c']],
    [`-p '{"a": "b c"}'`, ['-p', '{"a": "b c"}']],
    [`"a \\"b\\"" ''`, ['a "b"', '']],
    [`x='$HOME'`, ['x=$HOME']],
    ['', []],
  ])('%s', (line, words) => expect(splitWords(line)).toEqual({ words }))

  test.each(['a | b', 'a && b', 'a; b', 'a > b', 'echo $HOME', 'a `b`'])('%s needs a shell', (line) =>
    expect(splitWords(line)).toEqual({ problem: expect.stringContaining('needs a shell') }),
  )
  test('an open quote is a problem', () => expect(splitWords("a 'b")).toEqual({ problem: "a quote ' is not closed" }))
})

describe('kubectl commands as data', () => {
  const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'legacy', name: 'server' }
  const namespace = { apiVersion: 'v1', kind: 'Namespace', namespace: undefined, name: 'legacy' }
  test.each([
    [
      'kubectl label namespace legacy a=b c-',
      { verb: 'label', target: namespace, changes: { a: 'b', c: null }, overwrite: false },
    ],
    [
      'kubectl label ns/legacy a=b --overwrite',
      { verb: 'label', target: namespace, changes: { a: 'b' }, overwrite: true },
    ],
    [
      'kubectl annotate -n legacy deploy server a/b=c=d',
      { verb: 'annotate', target: deployment, changes: { 'a/b': 'c=d' } },
    ],
    ['kubectl rollout restart deployment/server -n legacy', { verb: 'restart', target: deployment }],
    [
      'kubectl rollout restart deployment --namespace=legacy',
      { verb: 'restart', target: { ...deployment, name: undefined } },
    ],
    ['kubectl delete deployment server -n legacy', { verb: 'delete', target: deployment }],
    ['kubectl scale deployment server --replicas=0 -n legacy', { verb: 'scale', target: deployment, replicas: 0 }],
    [
      `kubectl patch deployment server -n legacy --type merge -p '{"a":1}'`,
      { verb: 'patch', target: deployment, type: 'merge', patch: { a: 1 } },
    ],
    ['kubectl delete pod x', { verb: 'delete', target: { kind: 'Pod', namespace: 'default', name: 'x' } }],
  ])('%s', (line, command) => expect(parseKubectl(line)).toMatchObject({ command }))

  test.each([
    [
      'kubectl apply -f x.yaml',
      'kubectl apply is not supported here; supported are label, annotate, rollout restart, delete, scale, patch',
    ],
    ['kubectl rollout status deployment x', 'kubectl rollout status is not supported here'],
    ['kubectl label gizmo x a=b', '"gizmo" is not a kind that is supported here'],
    ['kubectl label namespace x', 'no key=value is given'],
    ['kubectl label namespace x a', '"a" must be key=value or key-'],
    ['kubectl delete pod', 'name the Pod'],
    ['kubectl delete pod x --force', 'the flag --force is not supported here'],
    ['kubectl delete pod x -n', 'the flag -n needs a value'],
    ['kubectl scale deployment x --replicas=many', '--replicas must be a number'],
    ['kubectl patch deployment x -p nonsense', '-p must be JSON'],
    ['kubectl rollout restart pod x', 'only Deployments can be restarted here'],
    ['istioctl install', 'only kubectl commands can be run, not "istioctl"'],
  ])('%s is refused', (line, problem) =>
    expect(parseKubectl(line)).toEqual({ problem: expect.stringContaining(problem) }),
  )
})
