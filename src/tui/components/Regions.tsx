import { Box } from 'ink'
import type { Region } from '../layout.ts'
import type { ScreenModel } from '../model.ts'
import type { UiState } from '../reducer.ts'
import type { Theme } from '../theme.ts'
import { Pane } from './Pane.tsx'

interface Props {
  region: Region
  screen: ScreenModel
  ui: UiState
  theme: Theme
}

/** The panes of a screen, in the places that the layout gave them. */
export const Regions = ({ region, ...rest }: Props) => {
  if ('pane' in region) {
    const pane = rest.screen.panes[region.pane]
    const index = rest.screen.order.indexOf(region.pane)
    if (!pane) return <Box width={region.width} height={region.height} />
    return (
      <Pane
        pane={pane}
        number={index < 0 || region.pane === 'page' ? undefined : index + 1}
        width={region.width}
        height={region.height}
        focused={rest.screen.focus === region.pane}
        ui={rest.ui}
        theme={rest.theme}
      />
    )
  }
  const across = 'across' in region
  return (
    <Box flexDirection={across ? 'row' : 'column'} flexShrink={0}>
      {(across ? region.across : region.down).map((part) => (
        <Regions key={keyOf(part)} region={part} {...rest} />
      ))}
    </Box>
  )
}

const keyOf = (region: Region): string =>
  'pane' in region ? region.pane : ('across' in region ? region.across : region.down).map(keyOf).join('+')
