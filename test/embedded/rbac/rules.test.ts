/** Rows after kubernetes/kubernetes pkg/apis/rbac/v1/evaluation_helpers.go and component-helpers auth/rbac/validation/policy_comparator_test.go. */
import { describe, expect, test } from 'vitest'
import type { Attributes } from '../../../src/embedded/apiserver/auth.ts'
import { describeRule, missingRules, type PolicyRule, ruleAllows } from '../../../src/embedded/apiserver/rbac/rules.ts'

const rule = (verbs: string, groups: string, resources: string, names = ''): PolicyRule => ({
  verbs: verbs.split(' '),
  apiGroups: groups.split(' ').map((group) => (group === '-' ? '' : group)),
  resources: resources.split(' '),
  ...(names ? { resourceNames: names.split(' ') } : {}),
})

describe('a rule allows', () => {
  const rows: [rule: PolicyRule, verb: string, what: string, name: string | undefined, allowed: boolean][] = [
    [rule('get list', '-', 'pods'), 'list', '/pods', undefined, true],
    [rule('get list', '-', 'pods'), 'watch', '/pods', undefined, false],
    [rule('get', '-', 'pods'), 'get', '/pods/log', 'p', false],
    [rule('get', '-', 'pods/log'), 'get', '/pods/log', 'p', true],
    [rule('get', '-', 'pods/log'), 'get', '/pods', 'p', false],
    [rule('get', '-', '*'), 'get', '/pods/log', 'p', true],
    [rule('get', '-', '*/log'), 'get', '/pods/log', 'p', true],
    [rule('get', '-', '*/log'), 'get', '/pods', 'p', false],
    [rule('get', '-', 'pods/*'), 'get', '/pods/log', 'p', false],
    [rule('*', '*', '*'), 'delete', 'apps/deployments', 'd', true],
    [rule('get', 'apps', 'deployments'), 'get', 'extensions/deployments', 'd', false],
    [rule('get', '-', 'secrets', 'a b'), 'get', '/secrets', 'b', true],
    [rule('get', '-', 'secrets', 'a b'), 'get', '/secrets', 'c', false],
    // Without a name in the request, a rule with names allows nothing: no list, no create.
    [rule('list create', '-', 'secrets', 'a'), 'list', '/secrets', undefined, false],
    [rule('list create', '-', 'secrets', 'a'), 'create', '/secrets', undefined, false],
  ]
  test.each(rows)('%j %s %s %s: %s', (given, verb, what, name, allowed) => {
    const [group = '', resource = '', subresource] = what.split('/')
    expect(ruleAllows(given, { verb, group, resource, subresource, name })).toBe(allowed)
  })

  const paths: [pattern: string, path: string, allowed: boolean][] = [
    ['/healthz', '/healthz', true],
    ['/healthz', '/healthz/etcd', false],
    ['/healthz/*', '/healthz/etcd', true],
    ['/healthz/*', '/healthz', false],
    ['*', '/metrics', true],
    ['/a*b', '/axb', false],
  ]
  test.each(paths)('path %s %s: %s', (pattern, path, allowed) => {
    const asked: Attributes = { path, verb: 'get' }
    expect(ruleAllows({ verbs: ['get'], nonResourceURLs: [pattern] }, asked)).toBe(allowed)
    expect(ruleAllows({ verbs: ['post'], nonResourceURLs: [pattern] }, asked)).toBe(false)
  })
})

describe('what is missing', () => {
  const rows: [owned: PolicyRule[], wanted: PolicyRule[], missing: string[]][] = [
    [[rule('get list', '-', 'pods')], [rule('get', '-', 'pods')], []],
    [
      [rule('get', '-', 'pods')],
      [rule('get list', '-', 'pods')],
      ['{APIGroups:[""], Resources:["pods"], Verbs:["list"]}'],
    ],
    [[rule('get', '-', 'pods'), rule('list', '-', 'pods')], [rule('get list', '-', 'pods')], []],
    // A wildcard is covered by a wildcard only.
    [
      [rule('get list watch', '-', 'pods')],
      [rule('*', '-', 'pods')],
      ['{APIGroups:[""], Resources:["pods"], Verbs:["*"]}'],
    ],
    [[rule('*', '*', '*')], [rule('*', 'apps', 'deployments/scale')], []],
    [
      [rule('get', '-', 'secrets', 'a')],
      [rule('get', '-', 'secrets', 'a b')],
      ['{APIGroups:[""], Resources:["secrets"], ResourceNames:["b"], Verbs:["get"]}'],
    ],
    [
      [rule('get', '-', 'secrets', 'a')],
      [rule('get', '-', 'secrets')],
      ['{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'],
    ],
    [
      [],
      [rule('get list', '- apps', 'pods')],
      [
        '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
        '{APIGroups:["apps"], Resources:["pods"], Verbs:["get" "list"]}',
      ],
    ],
    [
      [{ verbs: ['get'], nonResourceURLs: ['/healthz/*'] }],
      [{ verbs: ['get'], nonResourceURLs: ['/healthz/x', '/metrics'] }],
      ['{NonResourceURLs:["/metrics"], Verbs:["get"]}'],
    ],
  ]
  test.each(rows)('%j for %j', (owned, wanted, missing) => {
    expect(missingRules(owned, wanted).map(describeRule)).toEqual(missing)
  })
})
