/**
 * HTTPLocalRateLimitPolicy as buckets of the receiver's proxy: the total first, then an override, else one bucket for
 * each identity (callers without one share theirs). A burst is one second's worth. Upstream: linkerd2-proxy
 * linkerd/proxy/server-policy/src/local_rate_limit.rs (check).
 */
import type { KubeObject } from '../../kube/api.ts'
import { fields, list, refOf, text } from '../read.ts'
import type { RateLimit } from '../verdict.ts'
import { type Client, isCoreKind } from './authorization.ts'
import { identityFor } from './pods.ts'

const perSecond = (value: unknown): number | undefined => {
  const { requestsPerSecond } = fields(value)
  return typeof requestsPerSecond === 'number' && requestsPerSecond > 0 ? requestsPerSecond : undefined
}

/** The buckets that this client's request has to pass, in the order of asking. */
export const bucketsFor = (policy: KubeObject, { identity }: Client): RateLimit[] => {
  const spec = fields(policy.spec)
  const home = policy.metadata.namespace ?? ''
  const bucket = (key: string, field: string, rate: number): RateLimit => ({
    key: `${home}/${policy.metadata.name} ${key}`,
    maxTokens: rate,
    tokensPerFill: rate,
    fillInterval: 1000,
    enabled: 100,
    enforced: 100,
    status: 429,
    responseHeaders: [],
    first: false,
    evidence: { object: refOf(policy), field },
  })
  const total = perSecond(spec.total)
  const own = list(spec.overrides).findIndex((each) =>
    list(fields(each).clientRefs).some((ref) => {
      const { namespace, name } = fields(ref)
      if (!isCoreKind(fields(ref), 'ServiceAccount')) return false
      return identity !== undefined && identity === identityFor(text(namespace) || home, text(name) ?? '')
    }),
  )
  const override = own < 0 ? undefined : perSecond(list(spec.overrides)[own])
  const each = perSecond(spec.identity)
  return [
    ...(total === undefined ? [] : [bucket('total', 'spec.total', total)]),
    ...(override !== undefined
      ? [bucket(`override ${own}`, `spec.overrides[${own}]`, override)]
      : each === undefined
        ? []
        : [bucket(`identity ${identity ?? ''}`, 'spec.identity', each)]),
  ]
}
