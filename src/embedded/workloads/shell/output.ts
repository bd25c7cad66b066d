/** What the shell library hands back, as bytes. */
import type { BashExecResult } from 'just-bash'
import type { Userland } from '../workload.ts'

/**
 * The library decodes output that is UTF-8 and leaves the rest as one character per byte, without saying which it did.
 * Text has no NUL; archives have.
 */
const isBinary = (text: string): boolean => text.includes('\0') && !/[^\0-\xff]/.test(text)

export const outputOf = ({ stdout, stdoutKind }: Pick<BashExecResult, 'stdout' | 'stdoutKind'>): string | Uint8Array =>
  stdoutKind === 'bytes' || isBinary(stdout) ? Buffer.from(stdout, 'latin1') : stdout

/**
 * What the library's tools say of a file that is not there, in the words of those that the image has. Upstream: busybox
 * libbb and coreutils/, GNU coreutils src/ls.c and src/head.c, findutils, tar src/misc.c (stat_diag).
 */
const missing: Record<Userland, readonly (readonly [pattern: RegExp, words: string])[]> = {
  debian: [
    [/^ls: (.+): No such file/gm, "ls: cannot access '$1': No such file"],
    [/^head: (.+): No such file/gm, "head: cannot open '$1' for reading: No such file"],
    [/^tail: (.+): No such file/gm, "tail: cannot open '$1' for reading: No such file"],
    [/^find: (.+): No such file/gm, 'find: ‘$1’: No such file'],
    [
      /^tar: (.+): No such file or directory\n/gm,
      'tar: /$1: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n',
    ],
  ],
  busybox: [
    [/^rm: cannot remove /gm, "rm: can't remove "],
    [/^(cp|stat): cannot stat /gm, "$1: can't stat "],
    [/^mv: cannot stat /gm, "mv: can't rename "],
    [/^mkdir: cannot create directory /gm, "mkdir: can't create directory "],
    [/^rmdir: failed to remove /gm, 'rmdir: '],
    [/^chmod: cannot access '(.+)':/gm, 'chmod: $1:'],
    [/^tar: .+: No such file or directory\n/gm, '$&tar: error exit delayed from previous errors\n'],
  ],
}

/** Node's words for a failed file operation, as the C library and the image's tools say them. */
export const errorsOf = (text: string, userland: Userland): string =>
  missing[userland].reduce(
    (said, [pattern, words]) => said.replace(pattern, words),
    text
      .replace(/ENOENT: no such file or directory, \w+ '[^']*'/g, 'No such file or directory')
      .replace(/EISDIR: illegal operation on a directory, \w+ '[^']*'/g, 'Is a directory')
      .replace(/ENOTDIR: not a directory, \w+ '[^']*'/g, 'Not a directory')
      .replace(/EEXIST: file already exists, \w+ '[^']*'/g, 'File exists'),
  )
