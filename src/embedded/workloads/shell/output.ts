/** What the shell library hands back, as bytes. */
import type { BashExecResult } from 'just-bash'

/**
 * The library decodes output that is UTF-8 and leaves the rest as one character per byte, without saying which it did.
 * Text has no NUL; archives have.
 */
const isBinary = (text: string): boolean => text.includes('\0') && !/[^\0-\xff]/.test(text)

export const outputOf = ({ stdout, stdoutKind }: Pick<BashExecResult, 'stdout' | 'stdoutKind'>): string | Uint8Array =>
  stdoutKind === 'bytes' || isBinary(stdout) ? Buffer.from(stdout, 'latin1') : stdout

/** Node's words for a failed file operation, as the C library says them. */
export const errorsOf = (text: string): string =>
  text
    .replace(/ENOENT: no such file or directory, \w+ '[^']*'/g, 'No such file or directory')
    .replace(/EISDIR: illegal operation on a directory, \w+ '[^']*'/g, 'Is a directory')
    .replace(/ENOTDIR: not a directory, \w+ '[^']*'/g, 'Not a directory')
    .replace(/EEXIST: file already exists, \w+ '[^']*'/g, 'File exists')
