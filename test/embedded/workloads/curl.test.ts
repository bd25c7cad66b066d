/** curl's output and exit codes, through exec on a small cluster. Texts as curl 8.15.0 prints them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster

beforeAll(async () => {
  cluster = smallCluster()
  cluster.run('client', { image: 'curlimages/curl:8.15.0', command: ['sleep', 'infinity'] })
  cluster.run('echo', { image: 'mendhak/http-https-echo:37', ports: [{ name: 'http', containerPort: 8080 }] })
  cluster.run('agn', { image: 'registry.k8s.io/e2e-test-images/agnhost:2.53', args: ['netexec'] })
  cluster.run('tcp', { image: 'istio/tcp-echo-server:1.3' })
  cluster.add(
    service('echo', {
      clusterIP: '10.96.0.10',
      selector: { app: 'echo' },
      ports: [
        { name: 'http', port: 80, targetPort: 'http' },
        { name: 'https', port: 443, targetPort: 8443 },
        { name: 'dead', port: 81, targetPort: 9999 },
      ],
    }),
  )
  cluster.add(
    service('agn', { clusterIP: '10.96.0.11', selector: { app: 'agn' }, ports: [{ port: 80, targetPort: 8080 }] }),
  )
  cluster.add(service('tcp', { clusterIP: '10.96.0.12', selector: { app: 'tcp' }, ports: [{ port: 9000 }] }))
  cluster.add(service('nobody', { clusterIP: '10.96.0.13', selector: { app: 'nobody' }, ports: [{ port: 80 }] }))
  await cluster.ready('client', 'echo', 'agn', 'tcp')
})
afterAll(() => cluster.stop())

const curl = (...args: string[]) => cluster.exec('client', ['curl', ...args])

describe('exit codes and error texts', () => {
  test.each<[string[], number, string]>([
    [['-sS', 'http://nope/'], 6, 'curl: (6) Could not resolve host: nope\n'],
    [
      ['-sS', 'http://nobody/'],
      7,
      'curl: (7) Failed to connect to nobody port 80 after 0 ms: Could not connect to server\n',
    ],
    [
      ['-sS', 'http://echo:81/'],
      7,
      'curl: (7) Failed to connect to echo port 81 after 0 ms: Could not connect to server\n',
    ],
    [['-sS', '-f', 'http://agn/echo?msg=no&code=404'], 22, 'curl: (22) The requested URL returned error: 404\n'],
    [
      ['-sS', '-m', '0.05', 'http://echo/?x-set-response-delay-ms=60000'],
      28,
      'curl: (28) Operation timed out after 50 milliseconds with 0 bytes received\n',
    ],
    [['-sS', '-m', '0.05', 'http://echo:12345/'], 28, 'curl: (28) Connection timed out after 50 milliseconds\n'],
    [
      ['-sS', '--connect-timeout', '0.05', 'http://echo:12345/'],
      28,
      'curl: (28) Failed to connect to echo port 12345 after 50 ms: Timeout was reached\n',
    ],
    [['-sS', 'http://echo:443/'], 52, 'curl: (52) Empty reply from server\n'],
    [['-sS', 'http://tcp:9000/'], 1, 'curl: (1) Received HTTP/0.9 when not allowed\n'],
    [['-sS', 'ftp://echo/'], 1, 'curl: (1) Protocol "ftp" not supported\n'],
    [['-sS', 'http://a b/'], 3, 'curl: (3) URL rejected: Malformed input to a URL function\n'],
    [['-sS', 'http://'], 3, 'curl: (3) URL rejected: No host part in the URL\n'],
    [
      ['-sS', 'http://echo:99999/'],
      3,
      'curl: (3) URL rejected: Port number was not a decimal number between 0 and 65535\n',
    ],
    [
      ['-sS', '-L', '--max-redirs', '1', 'http://agn/redirect?location=/redirect%3Flocation=/hostname'],
      47,
      'curl: (47) Maximum (1) redirects followed\n',
    ],
    [['-s', 'http://nope/'], 6, ''],
    [
      ['--bogus'],
      2,
      "curl: option --bogus: is unknown\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
    ],
    [['-sy!'], 2, "curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n"],
    [
      ['-m'],
      2,
      "curl: option -m: requires parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
    ],
    [
      ['-m', 'abc', 'http://echo'],
      2,
      "curl: option -m: expected a proper numerical parameter\ncurl: try 'curl --help' or 'curl --manual' for more information\n",
    ],
    [[], 2, "curl: try 'curl --help' or 'curl --manual' for more information\n"],
    [['-x', 'http://proxy', 'http://echo'], 2, 'curl: option --proxy: not modelled by this simulated curl\n'],
    [
      ['--http2-prior-knowledge', 'http://echo'],
      2,
      'curl: option --http2-prior-knowledge: not modelled by this simulated curl\n',
    ],
    [['-sSo', '/no/such/file', 'http://agn/hostname'], 23, 'curl: (23) Failure writing output to destination\n'],
  ])('curl %j ends with %i', async (args, exitCode, says) => {
    const result = await curl(...args)
    // How many milliseconds passed is not what these rows are about.
    const inTime = (text: string): string =>
      text.replace(/after \d+ (ms|milliseconds)/g, 'after N $1').replace(/^Warning: .*\n/gm, '')
    expect(inTime(result.stderr)).toBe(inTime(says))
    expect(result.exitCode).toBe(exitCode)
  })
})

describe('what goes to standard output', () => {
  test.each<[string[], string]>([
    [['-s', 'http://agn/hostname'], 'agn'],
    [['-s', 'http://agn.shop/hostname'], 'agn'],
    [['-s', 'agn.shop.svc.cluster.local/hostname'], 'agn'],
    [
      [
        '-sw',
        '\\n%{http_code} %{size_download} %{remote_ip} %{num_connects} %{exitcode} %{method} %%\\n',
        'http://agn/hostname',
      ],
      'agn\n200 3 10.96.0.11 1 0 GET %\n',
    ],
    [['-s', '-o', '/dev/null', '-w', '%{http_code}', 'http://nope/'], '000'],
    [['-s', '-w', '%{exitcode} %{errormsg}', 'http://nope/'], '6 Could not resolve host: nope'],
    [
      [
        '-s',
        '-o',
        '/dev/null',
        '-w',
        '%{content_type}|%{redirect_url}|%{url_effective}',
        'http://agn/redirect?location=/x',
      ],
      'text/html; charset=utf-8|http://agn/x|http://agn/redirect?location=/x',
    ],
    [
      ['-sL', '-w', ' %{num_redirects} %{url_effective}', 'http://agn/redirect?location=/hostname'],
      'agn 1 http://agn/hostname',
    ],
    [['-s', '-H', 'X-One: 1', 'http://agn/header?key=X-One'], '1'],
    [['-s', '-H', 'User-Agent:', 'http://agn/header?key=User-Agent'], ''],
    [['-s', '-A', 'me', 'http://agn/header?key=User-Agent'], 'me'],
    [['-s', '-u', 'a:b', 'http://agn/header?key=Authorization'], 'Basic YTpi'],
    [['-s', '-b', 'a=1', '-b', 'b=2', 'http://agn/header?key=Cookie'], 'a=1; b=2'],
    [['-s', '-G', '-d', 'msg=hi', 'http://agn/echo'], 'hi'],
    [['-s', '-d', 'msg=post', 'http://agn/echo'], 'post'],
    [['-s', '--data-urlencode', 'msg=a b&c', 'http://agn/echo'], 'a b&c'],
    [['-s', 'http://agn/echo?msg={a,b}'], 'ab'],
    [['-s', 'http://agn/echo?msg=[1-3]'], '123'],
    [['-s', '--', 'http://agn/hostname'], 'agn'],
    [
      ['-s', 'http://agn/hostname', 'http://echo/?x-set-response-content-type=text/plain&response_body_only=true'],
      'agn',
    ],
    [['-s', '--resolve', 'made.up:80:10.96.0.11', 'http://made.up/hostname'], 'agn'],
    [['-s', '--connect-to', 'x:80:agn:80', 'http://x/hostname'], 'agn'],
    [['-sI', '-o', '/dev/null', '-w', '%header{x-powered-by} %{size_download}', 'http://echo/'], 'Express 0'],
  ])('curl %j', async (args, stdout) => {
    const result = await curl(...args)
    expect(result.stdout).toBe(stdout)
  })

  test('-i puts the head before the body', async () => {
    const { stdout } = await curl('-si', 'http://agn/hostname')
    expect(stdout).toMatch(
      /^HTTP\/1\.1 200 OK\r\nDate: .* GMT\r\nContent-Length: 3\r\nContent-Type: text\/plain; charset=utf-8\r\n\r\nagn$/,
    )
  })

  test('%{json} is JSON', async () => {
    const { stdout } = await curl('-s', '-o', '/dev/null', '-w', '%{json}', 'http://agn/hostname')
    expect(JSON.parse(stdout)).toMatchObject({
      http_code: 200,
      exitcode: 0,
      remote_ip: '10.96.0.11',
      size_download: 3,
      method: 'GET',
    })
  })

  test('--json sends JSON and says so', async () => {
    const { stdout } = await curl('-s', '--json', '{"a":1}', 'http://echo/x')
    expect(JSON.parse(stdout)).toMatchObject({
      method: 'POST',
      json: { a: 1 },
      headers: { 'content-type': 'application/json', accept: 'application/json' },
    })
  })

  test('-o writes a file that other commands see', async () => {
    await curl('-s', '-o', '/tmp/name', 'http://agn/hostname')
    expect((await cluster.exec('client', ['cat', '/tmp/name'])).stdout).toBe('agn')
    expect((await cluster.exec('client', ['sh', '-c', 'cat /tmp/name'])).stdout).toBe('agn')
  })
})

/** Linux's names of a process's own streams. */
describe('files that are streams', () => {
  test.each<[string[], { stdout: string; stderr: string }]>([
    [['-s', '-o', '/dev/stdout', 'http://agn/hostname'], { stdout: 'agn', stderr: '' }],
    [['-s', '-o', '/dev/stderr', 'http://agn/hostname'], { stdout: '', stderr: 'agn' }],
    [['-s', '-o', '/proc/self/fd/1', '-w', ' %{http_code}', 'http://agn/hostname'], { stdout: 'agn 200', stderr: '' }],
    [['-s', '-o', '/dev/null', '-w', '%{filename_effective}', 'http://agn/'], { stdout: '/dev/null', stderr: '' }],
    [['-s', '-d', '@/dev/null', '-o', '/dev/stdout', 'http://agn/echo?msg=x'], { stdout: 'x', stderr: '' }],
  ])('curl %j', async (args, expected) => {
    expect(await curl(...args)).toEqual({ exitCode: 0, ...expected })
  })

  test('-D /dev/stderr keeps headers apart from the body', async () => {
    const { stdout, stderr } = await curl('-s', '-D', '/dev/stderr', 'http://agn/hostname')
    expect(stdout).toBe('agn')
    expect(stderr).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  test('in a shell, where the next command reads them', async () => {
    const script = 'curl -s -o /dev/stdout http://agn/hostname | tr a-z A-Z'
    expect((await cluster.exec('client', ['sh', '-c', script])).stdout).toBe('AGN')
  })

  test('what is sent comes from /dev/stdin', async () => {
    const asked = ['curl', '-s', '--data-binary', '@/dev/stdin', 'http://echo/']
    const inShell = ['sh', '-c', asked.join(' ')]
    for (const command of [asked, inShell]) {
      const { stdout } = await cluster.exec('client', command, { stdin: 'hello' })
      expect(JSON.parse(stdout)).toMatchObject({ body: 'hello' })
    }
  })
})

test('-v tells the whole story on standard error', async () => {
  const { stderr } = await curl('-sv', '-o', '/dev/null', 'http://agn/hostname')
  const lines = stderr.replaceAll('\r', '').split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      '* Host agn:80 was resolved.',
      '* IPv4: 10.96.0.11',
      '*   Trying 10.96.0.11:80...',
      '* Connected to agn (10.96.0.11) port 80',
      '> GET /hostname HTTP/1.1',
      '> Host: agn',
      '> User-Agent: curl/8.15.0',
      '> Accept: */*',
      '< HTTP/1.1 200 OK',
      '* Connection #0 to host agn left intact',
    ]),
  )
})

test('the progress meter goes to standard error, unless -s or a terminal', async () => {
  expect((await curl('http://agn/hostname')).stderr).toMatch(
    /^ {2}% Total {4}% Received .*\n.*Speed\n\r {2}0 {5}0 .*\r100 {5}3 {2}100 {5}3 .*\n$/,
  )
  expect((await curl('-s', 'http://agn/hostname')).stderr).toBe('')
  expect((await cluster.exec('client', ['curl', 'http://agn/hostname'], { tty: true })).stdout).toBe('agn')
})

test('TLS: a certificate that nobody knows needs -k', async () => {
  const refused = await curl('-sS', 'https://echo/')
  expect(refused.exitCode).toBe(60)
  expect(refused.stderr).toMatch(/^curl: \(60\) SSL certificate problem: self-signed certificate\n/)
  expect(JSON.parse((await curl('-sk', 'https://echo/a')).stdout)).toMatchObject({
    protocol: 'https',
    connection: { servername: 'echo' },
    path: '/a',
  })
  expect((await curl('-sk', 'https://agn:80/')).exitCode).toBe(35)
})

test('--retry waits and tries again', async () => {
  const { stderr, exitCode } = await curl(
    '--no-progress-meter',
    '--retry',
    '1',
    '--retry-delay',
    '1',
    '--retry-connrefused',
    'http://nobody/',
  )
  expect(stderr).toContain('Will retry in 1 second. 1 retry left.')
  expect(exitCode).toBe(7)
})
