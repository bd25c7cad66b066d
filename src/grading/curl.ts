/**
 * One probe as a curl command, and what curl printed as data. Only options that every curl since 7.52 has, so that the
 * same probe runs in a learner's real pods.
 */

export interface ProbeRequest {
  url: string
  method: string
  headers: Readonly<Record<string, string>>
  body?: string
  /** How long it waits for an answer; `probeSeconds` when absent. */
  seconds?: number
}

/** Seconds a probe waits for the whole exchange; a packet that is dropped costs this much. */
export const probeSeconds = 3

const trailer = '\n<<meshdojo>> %{http_code} %{time_total}'
const trailerLine = /\n<<meshdojo>> (\d{3}) ([\d.,]+)\s*$/

/** `-i` puts the response's head before its body; `-w` puts status and time after both, also when curl fails. */
export const curlCommand = (request: ProbeRequest): string[] => [
  'curl',
  '-s',
  '-S',
  '-i',
  ...(request.method === 'HEAD' ? ['-I'] : []),
  ...(request.url.startsWith('https:') ? ['-k'] : []),
  '-m',
  String(request.seconds ?? probeSeconds),
  '-w',
  trailer,
  '-X',
  request.method,
  ...Object.entries(request.headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
  ...(request.body === undefined ? [] : ['--data-binary', request.body]),
  request.url,
]

/** What came back of a probe. */
export interface CurlResult {
  /** curl's own: 0 even for a 403; 6 no such name, 7 refused, 28 timed out, 35 TLS, 52 empty reply, 56 reset. */
  exitCode: number
  /** Absent when no HTTP answer came. */
  status?: number
  /** Lower-case names. */
  headers: [string, string][]
  body: string
  seconds: number
  /** curl's complaint, for people. */
  stderr: string
}

const parseHead = (head: string): [string, string][] =>
  head
    .split(/\r?\n/)
    .slice(1)
    .flatMap((line) => {
      const colon = line.indexOf(':')
      return colon > 0 ? [[line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]] : []
    })

/** Takes curl's output apart; interim answers (100 Continue) are skipped. */
export const parseCurl = (exitCode: number, stdout: string, stderr: string): CurlResult => {
  const end = trailerLine.exec(stdout)
  let rest = end === null ? stdout : stdout.slice(0, end.index)
  let headers: [string, string][] = []
  for (
    let head = /^HTTP\/[\d.]+ (\d{3})[^\r\n]*/.exec(rest);
    head !== null;
    head = /^HTTP\/[\d.]+ (\d{3})/.exec(rest)
  ) {
    const blank = /\r?\n\r?\n/.exec(rest)
    const stop = blank === null ? rest.length : blank.index
    headers = parseHead(rest.slice(0, stop))
    rest = rest.slice(stop + (blank?.[0].length ?? 0))
    if (!head[1]?.startsWith('1')) break
  }
  const status = Number(end?.[1] ?? 0)
  return {
    exitCode,
    status: status > 0 ? status : undefined,
    headers,
    body: rest,
    seconds: Number((end?.[2] ?? '0').replace(',', '.')),
    stderr: stderr.trim(),
  }
}
