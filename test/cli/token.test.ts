/** `meshdojo token`: what it prints is what a verifier accepts. */
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { runCli } from './io.ts'

const run = (...args: string[]) => runCli(['token', ...args], {}, '/')

const claimsOf = async (...args: string[]) => {
  const { code, stdout } = await run(...args)
  expect(code).toBe(0)
  expect(stdout.endsWith('\n')).toBe(true)
  return decodeJwt(stdout.trim())
}

test('a token verifies with the key set, which has no private part', async () => {
  const { stdout: set } = await run('--jwks')
  const jwks = JSON.parse(set)
  expect(Object.keys(jwks.keys[0]).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
  const { stdout } = await run('--iss', 'lab', '--sub', 'alice')
  const { payload, protectedHeader } = await jwtVerify(stdout.trim(), createLocalJWKSet(jwks), { issuer: 'lab' })
  expect(payload.sub).toBe('alice')
  expect(payload.exp! - payload.iat!).toBe(3600)
  expect(protectedHeader).toMatchObject({ alg: 'RS256', kid: 'meshdojo-lab-not-a-secret' })
})

test('the same claims give the same token', async () => {
  const fixed = ['--iss', 'a', '--sub', 'b', '--claim', 'iat=1', '--claim', 'exp=9999999999']
  expect((await run(...fixed)).stdout).toBe((await run(...fixed)).stdout)
})

test.each<[string[], Record<string, unknown>]>([
  [['--aud', 'shop'], { aud: 'shop' }],
  [['--aud', 'shop', '--aud', 'bank'], { aud: ['shop', 'bank'] }],
  [['--claim', 'team=blue'], { team: 'blue' }],
  [['--claim', 'level=7', '--claim', 'admin=true'], { level: 7, admin: true }],
  [['--claim', 'groups=["a","b"]'], { groups: ['a', 'b'] }],
  [['--claim', 'eq=a=b'], { eq: 'a=b' }],
  [['--claim', 'empty='], { empty: '' }],
  [['--claim', 'iss=other'], { iss: 'other' }],
])('%j', async (args, claims) => {
  expect(await claimsOf('--iss', 'lab', '--sub', 'alice', ...args)).toMatchObject(claims)
})

test.each([
  ['90', 90],
  ['90s', 90],
  ['15m', 900],
  ['2h', 7200],
  ['7d', 604_800],
  ['-5m', -300],
])('--for %s', async (text, seconds) => {
  const { iat, exp } = await claimsOf('--iss', 'lab', '--sub', 'alice', `--for=${text}`)
  expect(exp! - iat!).toBe(seconds)
})

test.each([
  [['--sub', 'alice'], /--iss is missing: meshdojo token --iss/],
  [['--iss', 'lab'], /--sub is missing/],
  [[], /--iss is missing.*or meshdojo token --jwks/],
  [['--iss', 'lab', '--sub', 'a', '--for', 'soon'], /--for soon is no duration: 90s, 15m/],
  [['--iss', 'lab', '--sub', 'a', '--claim', 'team'], /--claim team is no pair: --claim team=blue/],
  [['--iss', 'lab', '--sub', 'a', '--claim', '=x'], /--claim =x is no pair/],
  [['--jwks', '--iss', 'lab'], /leave the rest out/],
])('%j is wrong usage', async (args, says) => {
  const { code, stdout, stderr } = await run(...args)
  expect(stderr).toMatch(says)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
})
