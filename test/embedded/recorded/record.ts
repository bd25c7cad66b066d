/**
 * Asks a real API server the rows of the given files and writes its answers into them.
 *
 *     KUBE_SERVER=https://127.0.0.1:6443 KUBE_TOKEN=… NODE_EXTRA_CA_CERTS=ca.crt node test/embedded/recorded/record.ts FILE…
 *
 * The token is an administrator's. No controllers should run there, nor nodes: the rows are about the API alone.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseDocument, type YAMLMap, type YAMLSeq } from 'yaml'
import type { Api } from '../api.ts'
import { askAll, make, type Topic } from './case.ts'
import { namespace } from './replay.ts'

const { KUBE_SERVER: server, KUBE_TOKEN: token } = process.env

const api: Api = async (method, path, body, headers = {}) => {
  const response = await fetch(`${server}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers }
}

const { gitVersion } = (await api('GET', '/version')).body as { gitVersion: string }
for (const object of namespace) await make(api, object)
for (const file of process.argv.slice(2)) {
  const document = parseDocument(readFileSync(file, 'utf8'))
  const answers = await askAll(api, document.toJS() as Topic)
  document.set('server', gitVersion)
  const rows = document.get('rows') as YAMLSeq<YAMLMap>
  rows.items.forEach((row, index) => {
    row.flow = false
    row.set('answer', document.createNode(answers[index]))
  })
  writeFileSync(file, document.toString({ lineWidth: 0 }))
  console.log(`${file}: ${answers.length} rows`)
}
