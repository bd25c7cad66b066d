import { chmodSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ClusterUnreachable } from '../../src/kube/errors.ts'
import { formatKubeconfig, readKubeconfig, writeKubeconfig } from '../../src/kube/kubeconfig.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
const lab = { name: 'lab', server: 'https://127.0.0.1:1', ca: 'CA', clientCertificate: 'CERT', clientKey: 'KEY' }

test('what is written is read back, and is for its owner only', async () => {
  const path = join(folder, 'written')
  writeFileSync(path, 'old')
  chmodSync(path, 0o644)
  await writeKubeconfig(path, formatKubeconfig(lab))
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(await readKubeconfig(path)).toMatchObject({
    server: 'https://127.0.0.1:1',
    context: 'lab',
    ca: 'CA',
    clientCertificate: 'CERT',
    clientKey: 'KEY',
  })
})

const file = (user: object, cluster: object = { server: 'https://s/' }) =>
  JSON.stringify({
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'c', user: 'u', namespace: 'n' } }],
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
  })

describe('reading', () => {
  test.each([
    ['a token', file({ token: 't' }), { token: 't', namespace: 'n', server: 'https://s' }],
    ['a token file beside it', file({ tokenFile: 'tok' }), { tokenFile: join(folder, 'tok') }],
    ['no TLS check', file({}, { server: 'https://s', 'insecure-skip-tls-verify': true }), { insecure: true }],
  ])('%s', async (name, text, connection) => {
    const path = join(folder, name.replaceAll(' ', '-'))
    writeFileSync(path, text)
    expect(await readKubeconfig(path)).toMatchObject(connection)
  })

  test.each([
    ['not YAML', '{', /not YAML/],
    ['no current context', '{}', /no current-context/],
    ['a password', file({ username: 'me' }), /signs in with a password/],
    ['a certificate that is not there', file({ 'client-certificate': 'gone.pem' }), /gone\.pem cannot be read/],
    ['no server', file({}, {}), /names no cluster with a server/],
    ['no URL', file({}, { server: 'my cluster' }), /the server "my cluster" of context "one" is no https URL/],
    ['another kind of URL', file({}, { server: 'ftp://s' }), /the server "ftp:\/\/s" of context "one" is no https URL/],
  ])('%s is refused by name', async (name, text, says) => {
    const path = join(folder, `bad-${name.replaceAll(' ', '-')}`)
    writeFileSync(path, text)
    const error = await readKubeconfig(path).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ClusterUnreachable)
    expect((error as Error).message).toMatch(says)
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  test('another context says which there are', async () => {
    const path = join(folder, 'contexts')
    writeFileSync(path, file({}))
    await expect(readKubeconfig(path, 'two')).rejects.toThrow('no context "two"; the file has: one')
  })
})

describe('an exec plugin', () => {
  const plugin = (name: string, script: string): string => {
    const command = join(folder, name)
    writeFileSync(command, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const apiVersion = 'client.authentication.k8s.io/v1'
    const path = join(folder, `${name}.yaml`)
    writeFileSync(path, file({ exec: { apiVersion, command, interactiveMode: 'Never' } }))
    return path
  }

  test('is run when somebody signs in, and its token is sent', async () => {
    const credential = {
      kind: 'ExecCredential',
      apiVersion: 'client.authentication.k8s.io/v1',
      status: { token: 'fresh' },
    }
    const { signIn } = await readKubeconfig(plugin('good', `echo '${JSON.stringify(credential)}'`))
    expect((await signIn?.())?.headers).toEqual({ Authorization: 'Bearer fresh' })
  })

  test('that fails says which context, and what shows the same', async () => {
    const { signIn } = await readKubeconfig(plugin('bad', 'echo no >&2; exit 3'))
    await expect(signIn?.()).rejects.toThrow(/signing in to "one" failed.*kubectl --context one/)
  })
})
