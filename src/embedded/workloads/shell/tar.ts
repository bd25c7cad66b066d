/**
 * The shell's tar keeps the slash in front of names; every real one takes it away and says so, and `kubectl cp` refuses
 * archives that have it. Upstream: GNU tar manual, "Absolute File Names"; kubectl/pkg/cmd/cp/cp.go.
 */

/** The same command with members relative to `/`, and what tar says about it; undefined when nothing has to change. */
export const withoutLeadingSlash = (
  argv: readonly string[],
  isBusybox: boolean,
): { argv: string[]; says: string } | undefined => {
  const [name = 'tar', mode = '', ...rest] = argv
  if (!/^-?[a-z]*c[a-z]*$/i.test(mode)) return undefined
  const options = [mode]
  if (/f[a-z]*$/i.test(mode) && rest.length > 0) options.push(rest.shift() ?? '')
  const members = rest.filter((word) => !word.startsWith('-') || word === '-')
  if (members.length === 0 || members.length < rest.length || !members.every((word) => word.startsWith('/')))
    return undefined
  const relative = members.map((word) => word.replace(/^\/+/, '') || '.')
  return {
    argv: [name, ...options, '-C', '/', ...relative],
    says: isBusybox ? "tar: removing leading '/' from member names\n" : "tar: Removing leading `/' from member names\n",
  }
}
