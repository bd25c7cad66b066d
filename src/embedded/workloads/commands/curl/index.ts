/**
 * curl 8.15.0, for HTTP over the simulated network: options, exit codes, error texts, `-w`, `-v`, the progress meter.
 * Not modelled: protocols other than HTTP and HTTPS, HTTP/2, proxies, multipart forms, parallel transfers, config files;
 * options for those are refused by name.
 */
import { readFile, writeFile } from '../../process/open.ts'
import type { Command } from '../../process/process.ts'
import { type Options, parseOptions } from './options.ts'
import { curlVersion, meterHead, meterLine, writeOut } from './report.ts'
import { isTransient, type Outcome, transfer, waitBeforeRetry } from './transfer.ts'
import { expandGlob } from './url.ts'

const versionText = `curl ${curlVersion} (x86_64-pc-linux-musl) libcurl/${curlVersion} OpenSSL/3.5.1 zlib/1.3.1
Release-Date: 2025-07-16
Protocols: http https
Features: HTTPS-proxy Largefile SSL
`

const helpText = `Usage: curl [options...] <url>
 -d, --data <data>           HTTP POST data
 -f, --fail                  Fail fast with no output on HTTP errors
 -h, --help <category>       Get help for commands
 -i, --show-headers          Show response headers in output
 -o, --output <file>         Write to file instead of stdout
 -O, --remote-name           Write output to file named as remote file
 -s, --silent                Silent mode
 -T, --upload-file <file>    Transfer local FILE to destination
 -u, --user <user:password>  Server user and password
 -A, --user-agent <name>     Send User-Agent <name> to server
 -v, --verbose               Make the operation more talkative
 -V, --version               Show version number and quit
`

/** Where a transfer's output goes; undefined: standard output. */
const outputOf = (
  options: Options,
  at: number,
  url: string,
): { file?: string } | { exitCode: number; says: string } => {
  const given = options.outputs[at] ?? (options.remoteNameAll ? { remoteName: true as const } : undefined)
  const folder = options.outputDir ? `${options.outputDir.replace(/\/$/, '')}/` : ''
  if (given === undefined || given === '-') return {}
  if (typeof given === 'string') return { file: folder + given }
  const path = url.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*$/s, '')
  const name = path.slice(path.lastIndexOf('/') + 1)
  return name === '' ? { exitCode: 23, says: 'Remote file name has no length' } : { file: folder + name }
}

export const curl: Command = async (process) => {
  const complain = (text: string): void => process.err(`curl: ${text}\n`)
  const options = parseOptions(process.argv.slice(1))
  if ('says' in options) {
    complain(options.says)
    if (options.tryHelp) process.err("curl: try 'curl --help' or 'curl --manual' for more information\n")
    return options.exitCode
  }
  if (options.version || options.help) {
    process.out(options.version ? versionText : helpText)
    return 0
  }
  if (options.urls.length === 0) {
    if (process.argv.length > 1) complain('(2) no URL specified')
    process.err("curl: try 'curl --help' or 'curl --manual' for more information\n")
    return 2
  }
  const targets: { url: string; output: number }[] = []
  for (const [output, written] of options.urls.entries()) {
    const urls = options.globOff ? [written] : expandGlob(written)
    if (urls === undefined) {
      complain(`(3) bad range specification in URL position 1:\n${written}\n^`)
      return 3
    }
    targets.push(...urls.map((url) => ({ url, output })))
  }
  const isQuiet = options.silent && !options.showError
  let lastCode = 0
  for (const [number, { url, output }] of targets.entries()) {
    const place = outputOf(options, output, url)
    if ('exitCode' in place) {
      if (!isQuiet) complain(`(${place.exitCode}) ${place.says}`)
      lastCode = place.exitCode
      continue
    }
    // The meter is for output that does not go to a terminal; -s and -v with a terminal hide it, as in real life.
    const hasMeter = !options.silent && !options.noProgress && (place.file !== undefined || !process.tty)
    if (hasMeter && number === 0) process.err(meterHead)
    if (hasMeter) process.err(meterLine(0, 0, 0, 0))
    let outcome: Outcome = await transfer(process, options, url, number)
    /** A transfer that never got an address leaves the meter's line unfinished, as in real life. */
    const meter = (): void => {
      const { sizeDownload, sizeUpload, timeTotal, exitCode } = outcome.transfer
      if (!hasMeter || exitCode === 3 || exitCode === 6) return
      process.err(`${meterLine(sizeDownload, sizeUpload, sizeDownload, timeTotal)}\n`)
    }
    for (let attempt = 0; attempt < options.retry && isTransient(outcome, options); attempt++) {
      meter()
      const { exitCode, status, errorMessage } = outcome.transfer
      const why =
        exitCode === 28
          ? 'timeout'
          : exitCode !== 0 && exitCode !== 22
            ? exitCode === 7
              ? 'connection refused'
              : '(retrying all errors)'
            : status >= 400
              ? 'HTTP error'
              : 'transient problem'
      const next = options.retryDelay || Math.min(2 ** attempt, 600)
      if (!isQuiet && exitCode !== 0) complain(`(${exitCode}) ${errorMessage}`)
      if (!options.silent)
        process.err(
          `Warning: Problem: ${why}. Will retry in ${next} second${next === 1 ? '' : 's'}. ${options.retry - attempt} ${options.retry - attempt === 1 ? 'retry' : 'retries'} left.\n`,
        )
      await waitBeforeRetry(process, options, attempt)
      if (process.signal?.aborted) return 130
      const retries = attempt + 1
      outcome = await transfer(process, options, url, number)
      outcome.transfer.retries = retries
    }
    const { transfer: done } = outcome
    if (place.file !== undefined && outcome.hasResponse && outcome.output.length + done.status > 0) {
      if (done.exitCode === 0 || outcome.output.length > 0) {
        if (await writeFile(process, place.file, outcome.output)) done.filename = place.file
        else if (outcome.output.length > 0) {
          if (!options.silent)
            process.err(`Warning: Failed to open the file ${place.file}: No such file or directory\n`)
          done.exitCode = 23
          done.errorMessage = 'Failure writing output to destination'
        }
      }
    } else if (place.file === undefined) process.out(outcome.output)
    if (options.dumpHeader === '-') process.out(outcome.dumped)
    else if (options.dumpHeader !== undefined)
      await writeFile(process, options.dumpHeader, new TextEncoder().encode(outcome.dumped))
    meter()
    if (done.exitCode !== 0 && !isQuiet) complain(`(${done.exitCode}) ${done.errorMessage}`)
    if (options.writeOut !== undefined) {
      let format = options.writeOut
      if (format.startsWith('@')) {
        const file = await readFile(process, format.slice(1))
        if (!file) {
          complain(`option -w: error encountered when reading a file`)
          return 26
        }
        format = new TextDecoder().decode(file)
      }
      const written = writeOut(format, done)
      process.out(written.stdout)
      process.err(written.stderr)
    }
    lastCode = done.exitCode
    if (done.exitCode !== 0 && options.failEarly) return done.exitCode
    if (process.signal?.aborted) return 130
  }
  return lastCode
}
