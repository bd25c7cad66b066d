/** nginx serves what its container's files hold, whoever put them there. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
beforeAll(async () => {
  cluster = smallCluster()
  cluster.add({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'site', namespace: 'shop' },
    data: { 'index.html': 'from a ConfigMap\n', 'data.json': '{}' },
  })
  cluster.run('plain', { image: 'nginx' })
  cluster.run(
    'site',
    { image: 'nginx', volumeMounts: [{ name: 'site', mountPath: '/usr/share/nginx/html' }] },
    { spec: { volumes: [{ name: 'site', configMap: { name: 'site' } }] } },
  )
  cluster.run(
    'empty',
    { image: 'nginx', volumeMounts: [{ name: 'site', mountPath: '/usr/share/nginx/html' }] },
    { spec: { volumes: [{ name: 'site', emptyDir: {} }] } },
  )
  for (const [name, at] of [
    ['plain', 41],
    ['site', 42],
    ['empty', 43],
  ] as const)
    cluster.add(service(name, { clusterIP: `10.96.0.${at}`, selector: { app: name }, ports: [{ port: 80 }] }))
  await cluster.ready('plain', 'site', 'empty')
})
afterAll(() => cluster.stop())

const get = async (url: string, ...more: string[]) =>
  (await cluster.exec('plain', ['curl', '-s', '-w', ' %{http_code} %{content_type}', ...more, url])).stdout

test.each<[string, string[], string | RegExp]>([
  ['http://site/', [], 'from a ConfigMap\n 200 text/html'],
  ['http://site/data.json', [], '{} 200 application/json'],
  ['http://site/none', [], /404 Not Found[\s\S]* 404 text\/html$/],
  ['http://site/../../etc/hostname', ['--path-as-is'], /404 Not Found/],
  ['http://site/%zz', [], /400 Bad Request/],
  ['http://site/', ['-X', 'POST'], /405 Not Allowed/],
  ['http://empty/', [], /403 Forbidden/],
  ['http://plain/', [], /Welcome to nginx!/],
])('%s %j', async (url, more, expected) => {
  const answer = await get(url, ...more)
  if (typeof expected === 'string') expect(answer).toBe(expected)
  else expect(answer).toMatch(expected)
})

test('a page written in the container is served', async () => {
  await cluster.exec('plain', [
    'sh',
    '-c',
    'mkdir /usr/share/nginx/html/docs; echo mine > /usr/share/nginx/html/docs/index.html',
  ])
  expect(await get('http://plain/docs/')).toBe('mine\n 200 text/html')
  expect(
    (
      await cluster.exec('plain', [
        'curl',
        '-s',
        '-o',
        '/dev/null',
        '-w',
        '%{http_code} %{redirect_url}',
        'http://plain/docs',
      ])
    ).stdout,
  ).toBe('301 http://plain/docs/')
})
