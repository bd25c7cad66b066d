/**
 * The receiver's RBAC filters: CUSTOM, then (after the JWT filter) DENY and ALLOW. AUDIT never changes a result. The
 * decision itself is made without words; why it was made is told when somebody asks. Upstream:
 * pilot/pkg/security/authz/builder/builder.go, model/model.go; Envoy's rbac_filter.cc.
 */
import type { Evidence, Step } from '../verdict.ts'
import type { Asked } from './conditions.ts'
import { isGrpc } from './ext-authz/check.ts'
import type { ExtensionProvider } from './ext-authz/provider.ts'
import { once } from './once.ts'
import { type Asking, askEntry, describe, evidenceOf, idleStep, info, unionMiss, unsure } from './prose.ts'
import { type Entry, matchEntry, type Tables } from './rbac.ts'

export interface Decision {
  outcome: 'allow' | 'deny' | 'unknown'
  /** The RBAC policy that denied, as access logs name it; absent when no ALLOW policy matched. */
  policyId?: string
  /** Nothing restricts the call: no policy decided. */
  byDefault?: true
  /** The deciding step is also the last of `steps`. `where` names the workload for sentences. */
  explain(where: string): { decided: Step; steps: Step[] }
}

const ending = (steps: Step[], decided: Step): { decided: Step; steps: Step[] } => ({
  decided,
  steps: [...steps, decided],
})

const server = (outcome: Step['outcome'], says: string, asking?: Asking): Step => ({
  at: 'server',
  outcome,
  says,
  ...(asking === undefined ? {} : { evidence: evidenceOf(asking) }),
})

const infos = (entries: readonly Entry[], asked: Asked): Step[] => entries.map((entry) => info(askEntry(entry, asked)))

/** Those that do not match, as steps. */
const misses = (entries: readonly Entry[], asked: Asked): Step[] =>
  infos(
    entries.filter((entry) => matchEntry(entry, asked) === 'no'),
    asked,
  )

/** A CUSTOM rule matches, and its provider has the say. */
export interface Asks {
  outcome: 'asks'
  provider: ExtensionProvider
  /** Rules that did not match, and the one that did. */
  explain(): Step[]
  evidence(): Evidence
}

/**
 * The CUSTOM stage, before tokens are looked at; undefined: it stops nothing. A provider that cannot be used denies what
 * it matches.
 */
export const askCustom = ({ custom }: Tables, asked: Asked): Decision | Asks | undefined => {
  let open: Entry | undefined
  let asks: (Entry & { provider: { asked: ExtensionProvider } }) | undefined
  for (const entry of custom) {
    const { provider } = entry
    // A provider that speaks HTTP is not asked about bytes.
    if (provider.kind === 'asks' && asked.http === undefined && !isGrpc(provider.asked)) continue
    const match = matchEntry(entry, asked)
    if (match === 'no') continue
    if (match === 'unknown' || provider.kind === 'unread') {
      open ??= entry
      continue
    }
    if (provider.kind === 'asks') {
      asks ??= { ...entry, provider }
      continue
    }
    const { says } = provider
    return {
      outcome: 'deny',
      policyId: entry.id,
      explain: () => {
        const asking = askEntry(entry, asked)
        return ending(misses(custom, asked), server('deny', `${describe(asking)}, and ${says}: denied`, asking))
      },
    }
  }
  if (asks !== undefined) {
    const asking = once(() => askEntry(asks, asked))
    const told = (): Step => info(asking())
    const explain = (): Step[] => [...misses(custom, asked), told()]
    return { outcome: 'asks', provider: asks.provider.asked, explain, evidence: () => evidenceOf(asking()) }
  }
  const unknown = open
  if (unknown === undefined) return undefined
  return { outcome: 'unknown', explain: () => ending(misses(custom, asked), unsure(askEntry(unknown, asked))) }
}

const defaultAllow = (tables: Tables, where: string): string =>
  tables.deny.length > 0
    ? `No DENY rule matches and no ALLOW policy selects ${where}: allowed`
    : tables.custom.length > 0
      ? `No ALLOW or DENY policy selects ${where}: allowed`
      : // Right after a policy that only rehearses, "no policy" would be wrong.
        `No ${tables.idle.length > 0 ? 'enforced policy' : 'AuthorizationPolicy'} selects ${where}: every request that reaches it is allowed`

/** The DENY and ALLOW stages. @param isChecked an external authorizer let it pass, which was told already */
export const authorize = (tables: Tables, asked: Asked, isChecked = false): Decision => {
  const { deny, allow, restricts, idle } = tables
  const start = (): Step[] => [...idle.map(idleStep), ...(isChecked ? [] : infos(tables.custom, asked))]
  let open: Entry | undefined
  for (const entry of deny) {
    const match = matchEntry(entry, asked)
    if (match === 'unknown') open ??= entry
    if (match !== 'yes') continue
    return {
      outcome: 'deny',
      policyId: entry.id,
      explain: () => {
        const before = misses(deny.slice(0, deny.indexOf(entry)), asked)
        const asking = askEntry(entry, asked)
        return ending([...start(), ...before], server('deny', `${describe(asking)}: denied`, asking))
      },
    }
  }
  const denied = (): Step[] => [...start(), ...misses(deny, asked)]
  let hit: Entry | undefined
  let maybe: Entry | undefined
  for (const entry of allow) {
    const match = matchEntry(entry, asked)
    if (match === 'yes') {
      hit = entry
      break
    }
    if (match === 'unknown') maybe ??= entry
  }
  if (hit === undefined && restricts) {
    const unknown = maybe
    if (unknown !== undefined)
      return { outcome: 'unknown', explain: () => ending(denied(), unsure(askEntry(unknown, asked))) }
    return {
      outcome: 'deny',
      explain: (where) => {
        const askings = allow.map((entry) => askEntry(entry, asked))
        return ending([...denied(), ...askings.map(info)], unionMiss(askings, where))
      },
    }
  }
  if (open !== undefined) {
    const unknown = open
    return { outcome: 'unknown', explain: () => ending(denied(), unsure(askEntry(unknown, asked))) }
  }
  if (hit !== undefined) {
    const matched = hit
    return {
      outcome: 'allow',
      explain: () => {
        const asking = askEntry(matched, asked)
        const before = infos(allow.slice(0, allow.indexOf(matched)), asked)
        return ending([...denied(), ...before], server('pass', `${describe(asking)}: allowed`, asking))
      },
    }
  }
  return {
    outcome: 'allow',
    byDefault: true,
    explain: (where) => ending(denied(), server('pass', defaultAllow(tables, where))),
  }
}
