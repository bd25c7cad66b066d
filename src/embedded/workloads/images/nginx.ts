/**
 * nginx with its packaged configuration: the files below /usr/share/nginx/html on port 80, its error pages, the access log
 * on standard output. Not modelled: configuration files, ranges, conditional requests.
 */
import { absolute, type Files } from '../process/files.ts'
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

const root = '/usr/share/nginx/html'

const types: Readonly<Record<string, string>> = {
  css: 'text/css',
  gif: 'image/gif',
  htm: 'text/html',
  html: 'text/html',
  jpg: 'image/jpeg',
  js: 'application/javascript',
  json: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain',
  xml: 'text/xml',
}

interface Found {
  status: number
  body: string | Uint8Array
  type: string
  location?: string
  /** For the error log: what could not be opened and why. */
  missing?: string
}

const titles: Readonly<Record<number, string>> = {
  400: '400 Bad Request',
  301: '301 Moved Permanently',
  403: '403 Forbidden',
  404: '404 Not Found',
  405: '405 Not Allowed',
}

const failed = (status: number, more: Partial<Found> = {}): Found => ({
  status,
  body: errorPage(titles[status] ?? ''),
  type: 'text/html',
  ...more,
})

/** The file that a path means: `index.html` of a folder, never anything outside the root. */
const find = async (files: Files, method: string, path: string): Promise<Found> => {
  let inside: string
  try {
    inside = absolute('/', decodeURIComponent(path))
  } catch {
    return failed(400)
  }
  const wanted = `${root}${inside === '/' ? '' : inside}`
  if (await files.isDirectory(wanted)) {
    if (!path.endsWith('/')) return failed(301, { location: `${path}/` })
    const index = await files.read(`${wanted}/index.html`)
    if (!index) return failed(403, { missing: `directory index of "${wanted}/" is forbidden` })
    return method === 'GET' || method === 'HEAD' ? { status: 200, body: index, type: 'text/html' } : failed(405)
  }
  const content = await files.read(wanted)
  if (!content) return failed(404, { missing: `open() "${wanted}" failed (2: No such file or directory)` })
  if (method !== 'GET' && method !== 'HEAD') return failed(405)
  const ending = wanted.slice(wanted.lastIndexOf('.') + 1)
  return { status: 200, body: content, type: types[ending] ?? 'application/octet-stream' }
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
      const { status, body, type, location, missing } = await find(context.files, request.method, path)
      const size = typeof body === 'string' ? Buffer.byteLength(body) : body.length
      if (missing)
        context.log(
          `${started} [error] 29#29: *1 ${missing}, client: ${connection.remoteAddress}, server: localhost, request: "${request.method} ${request.path} HTTP/1.1", host: "${request.authority}"`,
        )
      context.log(
        `${connection.remoteAddress} - - [${localTime(clock.now())}] "${request.method} ${request.path} HTTP/1.1" ${status} ${request.method === 'HEAD' ? 0 : size} "${header(request, 'referer') ?? '-'}" "${header(request, 'user-agent') ?? '-'}" "${header(request, 'x-forwarded-for') ?? '-'}"`,
      )
      const headers: [string, string][] = [
        ['Server', `nginx/${version}`],
        ['Date', httpDate(clock.now())],
        ['Content-Type', type],
        ['Content-Length', String(size)],
      ]
      if (status === 200) headers.push(['Last-Modified', modified])
      if (location) headers.push(['Location', `http://${request.authority}${location}`])
      headers.push(['Connection', 'keep-alive'])
      if (status === 200) headers.push(['ETag', `"6900b186-${size.toString(16)}"`], ['Accept-Ranges', 'bytes'])
      return respond(status, headers, body)
    },
  }
}

export const nginx: Image = {
  repository: 'nginx',
  says: 'nginx on 80, with the files below /usr/share/nginx/html',
  entrypoint: ['/docker-entrypoint.sh'],
  cmd: ['nginx', '-g', 'daemon off;'],
  env: { NGINX_VERSION: version },
  userland: 'debian',
  files: { [`${root}/index.html`]: welcome, '/etc/debian_version': '13.1\n' },
  programs: { 'docker-entrypoint.sh': start, nginx: start },
}
