/** Columns of text, as kubectl prints them: three spaces apart, nothing at the end of a line. */

export const formatTable = (rows: readonly (readonly string[])[], gap = 3): string => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(' '.repeat(gap))
        .trimEnd(),
    )
    .join('\n')
}
