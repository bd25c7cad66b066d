import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { regexProblem } from '../../../src/embedded/crds/regex.ts'
import { validate } from '../../../src/meshes/istio/validate/validate.ts'
import { expand } from './world.ts'

const denied = 'admission webhook "validation.istio.io" denied the request: '
const webhook = `${denied}configuration is invalid: `
const answer = (is: string, spec: unknown, annotations?: Record<string, string>) =>
  validate({ operation: 'CREATE', object: expand({ is, spec, ...(annotations ? { annotations } : {}) }) })

const rule = (value: unknown) => ({ rules: [value] })
const source = (value: unknown) => rule({ from: [{ source: value }] })
const operation = (value: unknown) => rule({ to: [{ operation: value }] })
const when = (key: string, values: string[]) => rule({ when: [{ key, values }] })
const meaningless = (action: string) =>
  `${action} action without \`rules\` is meaningless as it will never be triggered, add an empty rule \`{}\` if you want it be triggered for every request`

// Every text is from pkg/config/validation/validation.go or pkg/config/security/security.go of istio/istio.
describe('AuthorizationPolicy, one error', () => {
  test.each<[string, unknown, string]>([
    ['DENY without rules', { action: 'DENY' }, meaningless('DENY')],
    ['DENY with an empty list', { action: 'DENY', rules: [] }, meaningless('DENY')],
    ['CUSTOM without rules', { action: 'CUSTOM', provider: { name: 'x' } }, meaningless('CUSTOM')],
    ['CUSTOM without provider', { action: 'CUSTOM', rules: [{}] }, '`provider.name` must not be empty'],
    ['provider with ALLOW', { provider: { name: 'x' } }, '`provider` must not be with non CUSTOM action, found ALLOW'],
    [
      'CUSTOM with namespaces',
      { action: 'CUSTOM', provider: { name: 'x' }, ...source({ namespaces: ['a'] }) },
      'From.Namespaces is currently not supported with CUSTOM action',
    ],
    ['no source', rule({ from: [{}] }), '`from.source` must not be nil, found at rule 0'],
    ['empty source', source({}), '`from.source` must not be empty, found at rule 0'],
    ['no operation', rule({ to: [{}] }), '`to.operation` must not be nil, found at rule 0'],
    ['empty operation', operation({}), '`to.operation` must not be empty, found at rule 0'],
    ['empty value', source({ principals: [''] }), 'empty value not allowed, found in Principals'],
    ['empty method', operation({ methods: [''] }), 'empty value not allowed, found in Methods'],
    [
      'service account with a star',
      source({ serviceAccounts: ['a/*'] }),
      'wildcard not allowed, found in ServiceAccounts',
    ],
    [
      'service account with slashes',
      source({ serviceAccounts: ['a/b/c'] }),
      "expected format 'serviceAccount' or 'namespace/serviceAccount', found \"a/b/c\" in ServiceAccounts",
    ],
    [
      'accounts with namespaces',
      source({ serviceAccounts: ['a'], namespaces: ['b'] }),
      'cannot set serviceAccounts with namespaces or principals, found at rule 0',
    ],
    [
      'template not last',
      operation({ paths: ['/{**}/a/{*}'] }),
      'invalid or unsupported path {**}/a/{*}, found in Paths. {**} is not the last operator',
    ],
    [
      'brace',
      operation({ paths: ['/a{b}'] }),
      "invalid or unsupported path a{b}, found in Paths. Contains '{' or '}' beyond a supported path template",
    ],
    [
      'star beside a template',
      operation({ paths: ['/{*}/a*'] }),
      'invalid or unsupported path {*}/a*, found in Paths. Contains segment a* with invalid string literal',
    ],
    ['empty key', rule({ when: [{ values: ['x'] }] }), '`key` must not be empty'],
    [
      'no values',
      rule({ when: [{ key: 'source.ip' }] }),
      'at least one of `values` or `notValues` must be set for key source.ip',
    ],
    [
      'two targets',
      { selector: { matchLabels: { app: 'a' } }, targetRefs: [{ kind: 'Service', name: 'a', group: '' }] },
      'only one of targetRefs or workloadSelector can be set',
    ],
    ['wildcard label', { selector: { matchLabels: { app: '*' } } }, 'wildcard is not supported in selector: "app=*"'],
  ])('%s', (_title, spec, text) => {
    expect(answer('AuthorizationPolicy production/p', spec)).toMatchObject({
      allowed: false,
      message: `${webhook}invalid policy p.production: ${text}`,
    })
  })
})

// The key is looked at once for each of the two lists.
test.each([
  ['source.color', 'unknown attribute: source.color'],
  ['request.headers', 'bad key (request.headers): should have format a[b]'],
  ['destination.namespace', 'attribute destination.namespace is replaced by the metadata.namespace'],
])('the condition key %s', (key, text) => {
  const point = (field: string) => `\t* invalid policy p.production: invalid \`${field}\` for \`key\` ${key}: ${text}\n`
  expect(answer('AuthorizationPolicy production/p', when(key, ['x']))).toMatchObject({
    message: `${webhook}2 errors occurred:\n${point('value')}${point('notValue')}\n`,
  })
})

test('checks that collect always answer with a list', () => {
  const wrong = source({ ipBlocks: ['10.0.0.0/33', 'x'] })
  expect(answer('AuthorizationPolicy production/p', wrong)).toMatchObject({
    message: `${webhook}2 errors occurred:\n\t* invalid policy p.production: bad CIDR range (10.0.0.0/33): netip.ParsePrefix("10.0.0.0/33"): prefix length out of range\n\t* invalid policy p.production: bad IP address (x)\n\n`,
  })
  expect(answer('AuthorizationPolicy production/p', operation({ ports: ['http'] }))).toMatchObject({
    message: `${webhook}1 error occurred:\n\t* invalid policy p.production: bad port (http): strconv.ParseUint: parsing "http": invalid syntax\n\n`,
  })
})

test.each<[string, string, unknown]>([
  ['an empty spec', 'AuthorizationPolicy production/p', {}],
  ['DENY with an empty rule', 'AuthorizationPolicy production/p', { action: 'DENY', rules: [{}] }],
  [
    'a full rule',
    'AuthorizationPolicy production/p',
    {
      rules: [
        {
          from: [{ source: { principals: ['*'], ipBlocks: ['10.0.0.0/8', '::1'] } }],
          to: [{ operation: { paths: ['/a/{*}/b'], ports: ['80'] } }],
          when: [{ key: 'request.headers[x]', values: ['y'] }],
        },
      ],
    },
  ],
  ['STRICT', 'PeerAuthentication production/p', { mtls: { mode: 'STRICT' } }],
  [
    'ports with a selector',
    'PeerAuthentication production/p',
    { selector: { matchLabels: { app: 'a' } }, portLevelMtls: { 80: {} } },
  ],
  ['a JWT rule', 'RequestAuthentication production/p', { jwtRules: [{ issuer: 'x', jwksUri: 'https://x/y' }] }],
  ['another kind', 'Service production/p', { anything: true }],
])('%s is allowed without a word', (_title, is, spec) => {
  expect(answer(is, spec)).toEqual({ allowed: true })
})

const tcpWarning =
  'configured AuthorizationPolicy will deny all traffic to TCP ports under its scope due to the use of only HTTP attributes in a DENY rule; it is recommended to explicitly specify the port'

test.each<[string, string, unknown, string[] | undefined]>([
  [
    'DENY of a method',
    'AuthorizationPolicy production/p',
    { action: 'DENY', ...operation({ methods: ['GET'] }) },
    [tcpWarning],
  ],
  [
    'DENY of a method on a port',
    'AuthorizationPolicy production/p',
    { action: 'DENY', ...operation({ methods: ['GET'], ports: ['80'] }) },
    undefined,
  ],
  ['ALLOW of a method', 'AuthorizationPolicy production/p', operation({ methods: ['GET'] }), undefined],
  [
    'DENY of token identities',
    'AuthorizationPolicy production/p',
    { action: 'DENY', ...source({ notRequestPrincipals: ['*'] }) },
    [tcpWarning],
  ],
  [
    'an empty selector',
    'PeerAuthentication production/p',
    { selector: {} },
    ['workload selector specified without labels'],
  ],
])('%s: warnings', (_title, is, spec, warnings) => {
  expect(answer(is, spec)).toEqual(warnings === undefined ? { allowed: true } : { allowed: true, warnings })
})

test.each<[string, unknown, string]>([
  [
    'ports for a namespace',
    { portLevelMtls: { 80: { mode: 'STRICT' } } },
    'mesh/namespace peer authentication cannot have port level mTLS',
  ],
  ['port 0', { selector: { matchLabels: { app: 'a' } }, portLevelMtls: { 0: {} } }, 'port must be in range 1..65535'],
])('PeerAuthentication: %s', (_title, spec, text) => {
  expect(answer('PeerAuthentication production/p', spec)).toMatchObject({ allowed: false, message: webhook + text })
})

test.each<[string, unknown, Record<string, string>, string]>([
  [
    'AuthorizationPolicy production/p',
    {},
    { 'istio.io/dry-run': 'maybe' },
    'production/p has annotation istio.io/dry-run with invalid value (maybe): strconv.ParseBool: parsing "maybe": invalid syntax',
  ],
  [
    'PeerAuthentication production/p',
    {},
    { 'istio.io/dry-run': 'true' },
    'production/p has unsupported annotation istio.io/dry-run, please remove the annotation',
  ],
  [
    'AuthorizationPolicy production/p',
    { action: 'AUDIT' },
    { 'istio.io/dry-run': 'true' },
    'the annotation istio.io/dry-run currently only supports action ALLOW/DENY, found action AUDIT in production/p',
  ],
])('dry-run on %s', (is, spec, annotations, text) => {
  expect(answer(is, spec, annotations)).toMatchObject({ allowed: false, message: webhook + text })
})

test('RequestAuthentication collects', () => {
  expect(answer('RequestAuthentication production/p', { jwtRules: [{ audiences: [''] }] })).toMatchObject({
    message: `${webhook}2 errors occurred:\n\t* audience must be non-empty string\n\t* issuer or jwksUri must be non-empty string\n\n`,
  })
})

test('deletions are never refused', () => {
  const object = expand({ is: 'AuthorizationPolicy production/p', spec: { action: 'DENY' } })
  expect(validate({ operation: 'DELETE', object })).toEqual({ allowed: true })
})

interface Row {
  name: string
  source: string
  is: string
  spec: unknown
  annotations?: Record<string, string>
  labels?: Record<string, string>
  /** The text after the webhook's usual beginning. */
  refused?: string
  /** What it says of an object that it cannot read. */
  unreadable?: string
  /** What it warns of while it allows. */
  warns?: string[]
}

const folder = fileURLToPath(new URL('../../cases/istio/validation/', import.meta.url))
describe.each(readdirSync(folder))('%s', (file) => {
  const rows: Row[] = parse(readFileSync(folder + file, 'utf8'))
  test.each(rows)('$is: $name', ({ source, is, spec, annotations, labels, refused, unreadable, warns }) => {
    expect(source, 'every case names its proof').toBeTruthy()
    const object = expand({ is, spec, ...(annotations ? { annotations } : {}) })
    const metadata = { ...object.metadata, labels }
    const answer = validate({ operation: 'CREATE', object: { ...object, metadata }, regexProblem })
    const message = refused === undefined ? denied + unreadable : webhook + refused
    expect(answer).toEqual(
      refused === undefined && unreadable === undefined
        ? { allowed: true, ...(warns ? { warnings: warns } : {}) }
        : { allowed: false, code: 400, message },
    )
  })
})
