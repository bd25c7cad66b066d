/**
 * Kubeconfig files: read one context of one, and write one for a lab (mode 0600, never the learner's own).
 * Users with an exec plugin or an auth provider sign in through `sign-in.ts`. Not modelled: several files in KUBECONFIG
 * (the first counts; `merge-kubeconfig.ts` reads all), and passwords, which API servers have not taken since 1.19.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { ClusterUnreachable } from './errors.ts'
import { createSignIn, type SignedIn } from './sign-in.ts'

/** What it takes to talk to one cluster. Certificates and keys are PEM. */
export interface Connection {
  /** `https://127.0.0.1:6443`, without a trailing slash. */
  server: string
  context: string
  /** The context's default namespace. */
  namespace?: string
  ca?: string
  clientCertificate?: string
  clientKey?: string
  token?: string
  tokenFile?: string
  tlsServerName?: string
  insecure?: boolean
  /** Credentials from an exec plugin or an auth provider, renewed when they expire. */
  signIn?: () => Promise<SignedIn>
}

interface KubeconfigFile {
  'current-context'?: string
  contexts?: { name: string; context?: { cluster?: string; user?: string; namespace?: string } }[]
  clusters?: { name: string; cluster?: Record<string, string | boolean> }[]
  users?: { name: string; user?: Record<string, unknown> }[]
}

const unusable = (path: string, problem: string, next: string): ClusterUnreachable =>
  new ClusterUnreachable(`kubeconfig ${path}: ${problem}; ${next}`)

/** The first file of a KUBECONFIG value. */
export const kubeconfigPath = (value: string): string =>
  value.split(process.platform === 'win32' ? ';' : ':')[0] ?? value

/** Reads one context, the current one unless named. Throws `ClusterUnreachable` that says what is wrong with the file. */
export const readKubeconfig = async (path: string, context?: string): Promise<Connection> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw unusable(
      path,
      code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`,
      'start a cluster with "meshdojo cluster serve" and name its file with --kubeconfig',
    )
  }
  return readKubeconfigText(text, path, context)
}

/** The same for a text; `path` is for messages, and for what the text names beside itself. */
export const readKubeconfigText = async (text: string, path: string, context?: string): Promise<Connection> => {
  let file: KubeconfigFile
  try {
    file = (parse(text) ?? {}) as KubeconfigFile
  } catch (error) {
    throw unusable(path, `not YAML (${error instanceof Error ? error.message.split('\n')[0] : error})`, 'correct it')
  }
  return connectionOf(file, text, path, context)
}

const connectionOf = async (
  file: KubeconfigFile,
  source: string,
  path: string,
  wanted?: string,
): Promise<Connection> => {
  const name = wanted ?? file['current-context']
  if (!name) throw unusable(path, 'no current-context', 'set one with "kubectl config use-context"')
  const context = file.contexts?.find((entry) => entry.name === name)?.context
  const contexts = (file.contexts ?? []).map((entry) => entry.name).join(', ') || 'none'
  if (!context) throw unusable(path, `no context "${name}"`, `the file has: ${contexts}`)
  const cluster = file.clusters?.find((entry) => entry.name === context.cluster)?.cluster
  if (!cluster || typeof cluster.server !== 'string') {
    throw unusable(path, `context "${name}" names no cluster with a server`, 'correct it')
  }
  if (!/^https?:$/.test(URL.parse(cluster.server)?.protocol ?? ''))
    throw unusable(path, `the server "${cluster.server}" of context "${name}" is no https URL`, 'correct it')
  const user = file.users?.find((entry) => entry.name === context.user)?.user ?? {}
  if (user.username !== undefined)
    throw unusable(
      path,
      `user "${context.user}" signs in with a password, which API servers do not take any more`,
      'use a client certificate or a token (kubectl create token)',
    )
  const byProgram = user.exec !== undefined || user['auth-provider'] !== undefined

  const beside = (relative: unknown): string => resolve(dirname(path), String(relative))
  /** PEM from `<field>-data` (base64) or from the file that `<field>` names, relative to the kubeconfig. */
  const pem = async (fields: Record<string, unknown>, field: string): Promise<string | undefined> => {
    const data = fields[`${field}-data`]
    if (typeof data === 'string') return Buffer.from(data, 'base64').toString()
    if (fields[field] === undefined) return undefined
    return readFile(beside(fields[field]), 'utf8').catch(() => {
      throw unusable(path, `${field} ${beside(fields[field])} cannot be read`, 'correct the path')
    })
  }
  const text = (value: unknown): string | undefined => (typeof value === 'string' && value ? value : undefined)
  return {
    server: cluster.server.replace(/\/+$/, ''),
    context: name,
    namespace: text(context.namespace),
    ca: await pem(cluster, 'certificate-authority'),
    clientCertificate: await pem(user, 'client-certificate'),
    clientKey: await pem(user, 'client-key'),
    token: text(user.token),
    tokenFile: user.tokenFile === undefined ? undefined : beside(user.tokenFile),
    tlsServerName: text(cluster['tls-server-name']),
    insecure: cluster['insecure-skip-tls-verify'] === true,
    ...(byProgram && { signIn: createSignIn(source, path, name) }),
  }
}

export interface LabKubeconfig {
  /** Of the cluster, the user and the context alike. */
  name: string
  server: string
  ca: string
  clientCertificate: string
  clientKey: string
}

/** The text of a kubeconfig with one context. Everything in it is base64, a URL or a plain name: no quoting needed. */
export const formatKubeconfig = ({ name, server, ca, clientCertificate, clientKey }: LabKubeconfig): string => {
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64')
  return `apiVersion: v1
kind: Config
current-context: ${name}
clusters:
- name: ${name}
  cluster:
    server: ${server}
    certificate-authority-data: ${base64(ca)}
users:
- name: ${name}
  user:
    client-certificate-data: ${base64(clientCertificate)}
    client-key-data: ${base64(clientKey)}
contexts:
- name: ${name}
  context:
    cluster: ${name}
    user: ${name}
`
}

/** Writes it whole or not at all, readable by its owner only. */
export const writeKubeconfig = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.${process.pid}.tmp`
  await writeFile(draft, text, { mode: 0o600 })
  await rename(draft, path)
}
