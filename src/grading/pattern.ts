/** Regular expressions of content files: RE2, because somebody else's pattern must not be able to hang the program. */

/** Compiles a pattern; throws RE2's own words when it is not valid. */
export const compilePattern = async (pattern: string): Promise<{ test(text: string): boolean }> => {
  const { RE2JS } = await import('re2js')
  const compiled = RE2JS.compile(pattern)
  return { test: (text) => compiled.matcher(text).find() }
}
