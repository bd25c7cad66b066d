import { Box, Text } from 'ink'
import type { Line } from '../text.ts'
import { paint, type Theme } from '../theme.ts'

/** Lines that are already as wide as they may be, one below the other. */
export const Rows = ({ lines, width, theme }: { lines: Line[]; width: number; theme: Theme }) => (
  <Box flexDirection="column" width={width} height={lines.length} flexShrink={0}>
    <Text wrap="truncate">{lines.map((row) => paint(row, theme)).join('\n')}</Text>
  </Box>
)
