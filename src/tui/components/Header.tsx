import type { ScreenModel } from '../model.ts'
import { ends } from '../text.ts'
import type { Theme } from '../theme.ts'
import { Rows } from './Rows.tsx'

/** The first row: where one is at the left, how far one is at the right. */
export const Header = ({
  header,
  columns,
  theme,
}: {
  header: ScreenModel['header']
  columns: number
  theme: Theme
}) => <Rows lines={[ends(header.left, header.right, columns, theme.ellipsis)]} width={columns} theme={theme} />
