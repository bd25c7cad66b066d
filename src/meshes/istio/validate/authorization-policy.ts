/** istiod's checks of an AuthorizationPolicy, in its order and words (pkg/config/validation/validation.go). */
import { type Fields, fields, isFields, list, text, texts } from '../read.ts'
import type { Findings } from './findings.ts'
import { target } from './selectors.ts'
import { addresses, condition, notEmpty, pathTemplates, ports, serviceAccounts, trustDomains } from './values.ts'

const meaningless = (action: string): string =>
  `${action} action without \`rules\` is meaningless as it will never be triggered, add an empty rule \`{}\` if you want it be triggered for every request`

const capital = (name: string): string => `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}`
const twin = (name: string): string => `not${capital(name)}`
const some = (given: Fields, ...names: string[]): boolean => names.some((name) => texts(given[name]).length > 0)
const withTwins = (names: readonly string[]): string[] => names.flatMap((name) => [name, twin(name)])

const identityFields = ['namespaces', 'serviceAccounts', 'trustDomains', 'principals', 'requestPrincipals']
const sourceFields = [...identityFields, 'ipBlocks', 'remoteIpBlocks']
const operationFields = ['ports', 'methods', 'paths', 'hosts']

/** CUSTOM policies are evaluated where identities are not known yet. */
const customRule = (findings: Findings, rule: Fields): void => {
  const refuse = (name: string): void => findings.error(`${name} is currently not supported with CUSTOM action`)
  for (const entry of list(rule.from))
    for (const name of withTwins(identityFields))
      if (some(fields(fields(entry).source), name)) refuse(`From.${capital(name)}`)
  for (const entry of list(rule.when)) {
    const key = text(fields(entry).key) ?? ''
    const identity = ['source.namespace', 'source.serviceAccount', 'source.trustDomain', 'source.principal']
    if (identity.includes(key) || key.startsWith('request.auth.')) refuse(key)
  }
}

const source = (findings: Findings, given: Fields, index: number): void => {
  if (some(given, ...withTwins(['principals', 'namespaces'])) && some(given, ...withTwins(['serviceAccounts'])))
    findings.error(`cannot set serviceAccounts with namespaces or principals, found at rule ${index}`)
  if (!some(given, ...withTwins(sourceFields)))
    findings.error(`\`from.source\` must not be empty, found at rule ${index}`)
  for (const name of ['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks'])
    findings.list(addresses(texts(given[name])))
  const order = [
    'principals',
    'requestPrincipals',
    'namespaces',
    'serviceAccounts',
    'trustDomains',
    'ipBlocks',
    'remoteIpBlocks',
  ]
  for (const name of [...order, ...order.map(twin)]) {
    const accounts = name.toLowerCase().endsWith('serviceaccounts')
    const domains = name.toLowerCase().endsWith('trustdomains')
    findings.error((accounts ? serviceAccounts : domains ? trustDomains : notEmpty)(capital(name), texts(given[name])))
  }
}

const operation = (findings: Findings, given: Fields, index: number): void => {
  if (!some(given, ...withTwins(operationFields)))
    findings.error(`\`to.operation\` must not be empty, found at rule ${index}`)
  findings.list([...ports(texts(given.ports)), ...ports(texts(given.notPorts))])
  for (const name of [...operationFields, ...operationFields.map(twin)])
    findings.error(notEmpty(capital(name), texts(given[name])))
  findings.error(pathTemplates('Paths', texts(given.paths)))
  findings.error(pathTemplates('NotPaths', texts(given.notPaths)))
}

const when = (findings: Findings, value: unknown): void => {
  const key = text(fields(value).key) ?? ''
  const [values, notValues] = [texts(fields(value).values), texts(fields(value).notValues)]
  if (key === '') findings.error('`key` must not be empty')
  else if (values.length + notValues.length === 0)
    findings.error(`at least one of \`values\` or \`notValues\` must be set for key ${key}`)
  else {
    const [wrong, wrongNot] = [condition(key, values), condition(key, notValues)]
    if (wrong !== undefined) findings.error(`invalid \`value\` for \`key\` ${key}: ${wrong}`)
    if (wrongNot !== undefined) findings.error(`invalid \`notValue\` for \`key\` ${key}: ${wrongNot}`)
  }
}

const tcpSource = withTwins(['principals', 'ipBlocks', 'namespaces', 'remoteIpBlocks', 'serviceAccounts'])

/** A DENY rule loses its HTTP fields on TCP ports, so one of HTTP fields only denies all TCP. */
const widensOnTcp = (rule: Fields): boolean => {
  const from = list(rule.from).map((entry) => fields(entry).source)
  const to = list(rule.to).map((entry) => fields(entry).operation)
  const tcpFrom = from.some((each) => some(fields(each), ...tcpSource))
  const tcpTo = to.some((each) => some(fields(each), 'ports', 'notPorts'))
  const [hasFrom, hasTo] = [from.some(isFields), to.some(isFields)]
  return (hasFrom && !hasTo && !tcpFrom) || (hasTo && !tcpTo)
}

export const authorizationPolicy = (findings: Findings, spec: Fields): void => {
  const action = text(spec.action) ?? 'ALLOW'
  const rules = list(spec.rules)
  target(findings, spec)
  if (action === 'CUSTOM') {
    if (rules.length === 0) findings.error(meaningless('CUSTOM'))
    else if (!text(fields(spec.provider).name)) findings.error('`provider.name` must not be empty')
    for (const rule of rules) customRule(findings, fields(rule))
  }
  if (isFields(spec.provider) && action !== 'CUSTOM')
    findings.error(`\`provider\` must not be with non CUSTOM action, found ${action}`)
  if (action === 'DENY' && rules.length === 0) findings.error(meaningless('DENY'))
  rules.forEach((value, index) => {
    const rule = fields(value)
    for (const entry of list(rule.from)) {
      const given = fields(entry).source
      if (!isFields(given)) findings.error(`\`from.source\` must not be nil, found at rule ${index}`)
      else source(findings, given, index)
    }
    for (const entry of list(rule.to)) {
      const given = fields(entry).operation
      if (!isFields(given)) findings.error(`\`to.operation\` must not be nil, found at rule ${index}`)
      else operation(findings, given, index)
    }
    for (const entry of list(rule.when)) when(findings, entry)
    if (action === 'DENY' && widensOnTcp(rule))
      findings.warn(
        'configured AuthorizationPolicy will deny all traffic to TCP ports under its scope due to the use of only HTTP attributes in a DENY rule; it is recommended to explicitly specify the port',
      )
  })
}
