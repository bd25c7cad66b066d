/**
 * nginx with its packaged configuration: the welcome page on port 80, 404 and 405 pages, access log on standard output.
 * Not modelled: configuration files, mounted content other than /usr/share/nginx/html/index.html in the image.
 */
import type { ContainerContext, Image, Program } from '../workload.ts'
import { header, httpDate, respond, target } from './http.ts'

const version = '1.29.3'
const modified = 'Tue, 28 Oct 2025 12:05:10 GMT'

const welcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>A simulated nginx answers here.</p>
</body>
</html>
`

const errorPage = (title: string): string =>
  [
    `<html>`,
    `<head><title>${title}</title></head>`,
    `<body>`,
    `<center><h1>${title}</h1></center>`,
    `<hr><center>nginx/${version}</center>`,
    `</body>`,
    `</html>`,
    '',
  ].join('\r\n')

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

const localTime = (now: number): string => {
  const iso = new Date(now).toISOString()
  return `${iso.slice(8, 10)}/${months[Number(iso.slice(5, 7)) - 1]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`
}

const start = (context: ContainerContext): Program => {
  const { clock } = context
  const started = new Date(clock.now()).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')
  context.log('/docker-entrypoint.sh: Configuration complete; ready for start up')
  context.log(`${started} [notice] 1#1: nginx/${version}`)
  context.log(`${started} [notice] 1#1: start worker processes`)
  return {
    ports: [{ port: 80, protocol: 'http' }],
    onTerm: 0,
    async http(request, connection) {
      const { path } = target(request)
      const isPage = path === '/' || path === '/index.html'
      const isRead = request.method === 'GET' || request.method === 'HEAD'
      const status = !isPage ? 404 : isRead ? 200 : 405
      const body = status === 200 ? welcome : errorPage(status === 404 ? '404 Not Found' : '405 Not Allowed')
      const size = Buffer.byteLength(body)
      if (status === 404)
        context.log(
          `${started} [error] 29#29: *1 open() "/usr/share/nginx/html${path}" failed (2: No such file or directory), client: ${connection.remoteAddress}, server: localhost, request: "${request.method} ${request.path} HTTP/1.1", host: "${request.authority}"`,
        )
      context.log(
        `${connection.remoteAddress} - - [${localTime(clock.now())}] "${request.method} ${request.path} HTTP/1.1" ${status} ${request.method === 'HEAD' ? 0 : size} "${header(request, 'referer') ?? '-'}" "${header(request, 'user-agent') ?? '-'}" "${header(request, 'x-forwarded-for') ?? '-'}"`,
      )
      const headers: [string, string][] = [
        ['Server', `nginx/${version}`],
        ['Date', httpDate(clock.now())],
        ['Content-Type', 'text/html'],
        ['Content-Length', String(size)],
      ]
      if (status === 200) headers.push(['Last-Modified', modified])
      headers.push(['Connection', 'keep-alive'])
      if (status === 200) headers.push(['ETag', '"6900b186-10d"'], ['Accept-Ranges', 'bytes'])
      return respond(status, headers, body)
    },
  }
}

export const nginx: Image = {
  repository: 'nginx',
  says: 'the nginx welcome page on 80',
  entrypoint: ['/docker-entrypoint.sh'],
  cmd: ['nginx', '-g', 'daemon off;'],
  env: { NGINX_VERSION: version },
  userland: 'debian',
  files: { '/usr/share/nginx/html/index.html': welcome, '/etc/debian_version': '13.1\n' },
  programs: { 'docker-entrypoint.sh': start, nginx: start },
}
