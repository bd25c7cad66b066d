/** What happened, newest first. */
import type { FeedLine } from '../../session/types.ts'
import { type Line, line, span, wrap } from '../text.ts'
import { clock } from './words.ts'

const KIND_WIDTH = 7

export const feedLines = (feed: FeedLine[], width: number): Line[] =>
  feed
    .toReversed()
    .flatMap(({ at, kind, says }) =>
      wrap(
        line(clock(at), ' ', span(kind.padEnd(KIND_WIDTH), kind === 'error' ? 'fail' : 'strong'), says),
        width,
        9 + KIND_WIDTH,
      ),
    )
