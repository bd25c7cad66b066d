/** wget, nc, the shell and the programs of the catalogue, through exec on a small cluster. */
import { getCommandNames } from 'just-bash'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { toolNames } from '../../../src/embedded/workloads/process/run.ts'
import { readKeys } from '../../../src/embedded/workloads/shell/terminal.ts'
import { type SmallCluster, service, smallCluster } from '../small-cluster.ts'

let cluster: SmallCluster
beforeAll(async () => {
  cluster = smallCluster()
  cluster.run('client', { image: 'curlimages/curl', command: ['sleep', 'infinity'] })
  cluster.run('web', { image: 'nginx', ports: [{ containerPort: 80 }] })
  cluster.run('agn', { image: 'registry.k8s.io/e2e-test-images/agnhost', args: ['netexec', '--http-port=80'] })
  cluster.run('tcp', { image: 'istio/tcp-echo-server:1.3', args: ['9000,9001', 'hi'] })
  for (const [name, port, at] of [
    ['web', 80, 10],
    ['agn', 80, 11],
    ['tcp', 9000, 12],
    ['nobody', 80, 13],
  ] as const)
    cluster.add(service(name, { clusterIP: `10.96.0.${at}`, selector: { app: name }, ports: [{ port }] }))
  await cluster.ready('client', 'web', 'agn', 'tcp')
})
afterAll(() => cluster.stop())

describe('wget', () => {
  test.each<[string, string[], number, string, string]>([
    ['client', ['-qO-', 'http://agn/hostname'], 0, 'agn', ''],
    ['client', ['-q', '-O', '-', 'http://agn/redirect?location=/hostname'], 0, 'agn', ''],
    ['client', ['-q', '-O', '/dev/stdout', 'http://agn/hostname'], 0, 'agn', ''],
    ['web', ['-q', '-O', '/dev/stdout', 'http://agn/hostname'], 0, 'agn', ''],
    ['client', ['-qO-', 'http://nope'], 1, '', "wget: bad address 'nope'\n"],
    [
      'client',
      ['-qO-', 'http://nobody'],
      1,
      '',
      "wget: can't connect to remote host (10.96.0.13): Connection refused\n",
    ],
    ['client', ['-qO-', 'http://web/nope'], 1, '', 'wget: server returned error: HTTP/1.1 404 Not Found\n'],
    ['client', ['-T', '0.05', '-qO-', 'http://web:12345'], 1, '', 'wget: download timed out\n'],
    ['client', ['-qO-', '--post-data=msg=x', 'http://agn/echo'], 0, 'x', ''],
    ['client', ['--spider', 'http://web/'], 0, '', 'Connecting to web (10.96.0.10:80)\nremote file exists\n'],
    ['web', ['-qO-', 'http://agn/hostname'], 0, 'agn', ''],
    ['web', ['-qO-', 'http://web/nope'], 8, '', ''],
    ['web', ['-qO-', 'http://nope'], 4, '', ''],
  ])('in %s: wget %j', async (pod, args, exitCode, stdout, stderr) => {
    expect(await cluster.exec(pod, ['wget', ...args])).toEqual({ exitCode, stdout, stderr })
  })
})

describe('nc', () => {
  test.each<[string, string[], string, number, string, string]>([
    ['client', ['tcp', '9000'], 'a\nb\n', 0, 'hi a\nhi b\n', ''],
    ['client', ['-zv', 'tcp', '9000'], '', 0, '', 'tcp (10.96.0.12:9000) open\n'],
    ['client', ['-z', 'nobody', '80'], '', 1, '', 'nc: nobody (10.96.0.13:80): Connection refused\n'],
    ['client', ['-zv', 'nope', '80'], '', 1, '', "nc: bad address 'nope'\n"],
    ['client', ['-w', '1', '-z', 'web', '81'], '', 1, '', 'nc: web (10.96.0.10:81): Connection timed out\n'],
    ['web', ['-zv', 'tcp', '9000'], '', 0, '', 'Connection to tcp (10.96.0.12) 9000 port [tcp/*] succeeded!\n'],
    ['client', ['-l', '80'], '', 1, '', 'nc: listening is not modelled: nothing can call a shell\n'],
  ])('in %s: nc %j', async (pod, args, stdin, exitCode, stdout, stderr) => {
    expect(await cluster.exec(pod, ['nc', ...args], { stdin })).toEqual({ exitCode, stdout, stderr })
  })

  test('speaks HTTP when the input is HTTP', async () => {
    const { stdout } = await cluster.exec('client', ['nc', 'agn', '80'], {
      stdin: 'GET /hostname HTTP/1.1\r\nHost: agn\r\n\r\n',
    })
    expect(stdout).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nagn$/)
  })
})

describe('the shell', () => {
  test.each<[string, string, number]>([
    ['echo $0 $1', 'bash one\n', 0],
    ['hostname; whoami', 'client\ncurl_user\n', 0],
    ['cat /etc/resolv.conf | head -1', 'search shop.svc.cluster.local svc.cluster.local cluster.local\n', 0],
    ['for i in a b; do echo $i; done | tac', 'b\na\n', 0],
    ['for i in a "b c"; do curl -s http://agn/hostname; echo " $i"; done', 'agn a\nagn b c\n', 0],
    ['while true; do curl -s http://agn/hostname; break; done; echo', 'agn\n', 0],
    ['i=0; until [ $i = 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; curl -s "http://agn/echo?msg=$i"; done', '13', 0],
    ['curl -s http://agn/hostname | tr a-z A-Z', 'AGN', 0],
    ['f() { curl -s http://agn/hostname; return 4; }; f; echo " $?"', 'agn 4\n', 0],
    ['set -e; curl -sf http://web/nope; echo never', '', 22],
    ['cd /tmp; curl -s http://agn/hostname -o x; pwd; cat x', '/tmp\nagn', 0],
    ['exit 3; curl http://agn', '', 3],
    ['X=1; curl -s "http://agn/echo?msg=$X"; echo " $X"', '1 1\n', 0],
    ['curl -s http://nope; echo $?', '6\n', 0],
    ['nosuch', '', 127],
  ])('%s', async (script, stdout, exitCode) => {
    const result = await cluster.exec('client', ['sh', '-c', script, 'name', 'one'])
    expect([result.stdout, result.exitCode]).toEqual([stdout, exitCode])
  })

  test.each<[string, string, number, string]>([
    ['web', 'ls /nope', 2, "ls: cannot access '/nope': No such file or directory\n"],
    ['client', 'ls /nope', 1, 'ls: /nope: No such file or directory\n'],
    ['web', 'rm /nope', 1, "rm: cannot remove '/nope': No such file or directory\n"],
    ['client', 'rm /nope', 1, "rm: can't remove '/nope': No such file or directory\n"],
    [
      'web',
      'tar cf - /nope/there',
      2,
      "tar: Removing leading `/' from member names\ntar: /nope/there: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n",
    ],
    [
      'client',
      'tar cf - /nope',
      1,
      "tar: removing leading '/' from member names\ntar: nope: No such file or directory\ntar: error exit delayed from previous errors\n",
    ],
  ])('of a file that is not there, %s: %s', async (pod, command, exitCode, stderr) => {
    const answer = await cluster.exec(pod, command.split(' '))
    expect({ exitCode: answer.exitCode, stderr: answer.stderr }).toEqual({ exitCode, stderr })
  })

  test('tools speak as the image has them in a script too', async () => {
    const { stderr } = await cluster.exec('web', ['sh', '-c', 'ls /nope'])
    expect(stderr).toBe("ls: cannot access '/nope': No such file or directory\n")
  })

  test('output of an endless loop comes while it runs', async () => {
    const controller = new AbortController()
    let seen = ''
    const run = cluster.kubelet.exec(
      { namespace: 'shop', pod: 'client' },
      ['sh', '-c', 'while true; do curl -s http://agn/hostname; sleep 0.01; done'],
      {
        stdout: (chunk) => {
          seen += Buffer.from(chunk).toString()
          if (seen.length >= 9) controller.abort()
        },
        stderr: () => {},
        signal: controller.signal,
      },
    )
    await run
    expect(seen).toBe('agnagnagn')
  })

  test('its own commands are the ones that exec finds', () => {
    const ours = new Set(getCommandNames())
    // These two are built into the shell's interpreter.
    const left = [...toolNames].filter((name) => !ours.has(name as never))
    expect(left.sort()).toEqual(['[', 'test'])
  })

  test.each([
    ['ab', [':a', ':b']],
    ['\x1b[A\r', ['up', 'enter']],
    ['\x7f\x03\x04', ['backspace', 'interrupt', 'end-of-file']],
    ['\r\n', ['enter']],
    ['é\x1b[5~x', [':é', ':x']],
  ])('keys %j', (text, keys) => expect(readKeys(text)).toEqual(keys))
})

describe('programs', () => {
  test.each<[string, string | RegExp]>([
    ['http://agn/hostname', 'agn'],
    ['http://agn/echo?msg=hi&code=418', 'hi'],
    ['http://agn/clientip', /^10\.244\.0\.2:\d+$/],
    ['http://agn/header?key=User-Agent', /^curl\//],
    ['http://agn/header', /^\{"Accept":\["\*\/\*"\],"User-Agent":\["curl\/[\d.]+"\]\}$/],
    ['http://agn/shell?cmd=echo+hi%3Bexit+2', '{"error":"exit status 2","output":"hi\\n"}'],
    ['http://agn/readyz', 'ok'],
    ['http://agn/', /^NOW: \d{4}-\d\d-\d\d /],
    ['http://web/', /<title>Welcome to nginx!<\/title>/],
    ['http://web/x', /<center><h1>404 Not Found<\/h1><\/center>\r\n<hr><center>nginx\/[\d.]+<\/center>/],
  ])('%s', async (url, body) => {
    const { stdout } = await cluster.exec('client', ['curl', '-s', url])
    if (typeof body === 'string') expect(stdout).toBe(body)
    else expect(stdout).toMatch(body)
  })

  test.each([
    [['nosuch'], 'exec: "nosuch": executable file not found in $PATH'],
    [['/bin/no/such'], 'exec: "/bin/no/such": stat /bin/no/such: no such file or directory'],
  ])('%j cannot start', async (argv, says) => {
    await expect(cluster.exec('client', argv)).rejects.toThrow(says)
  })
})
