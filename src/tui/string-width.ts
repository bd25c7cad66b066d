/**
 * The build puts this in the place of `string-width` in ink: the same answers, without segmenting graphemes for text of
 * ASCII, box-drawing characters and colour codes, which is nearly everything on our screens. Measuring was the largest
 * part of the first paint.
 */
import measure, { type Options } from 'string-width'

/** ASCII without control characters, U+2500 to U+257F, and `ESC [ … m`. */
const plain = /^(?:[ -~\u2500-\u257f]|\u001b\[[\d;]*m)*$/
const colours = /\u001b\[[\d;]*m/g

/** Columns that the text takes in a terminal; see the package for the options. */
export const stringWidth = (text: string, options?: Options): number => {
  if (options !== undefined || typeof text !== 'string' || !plain.test(text)) return measure(text, options)
  return text.includes('\u001b') ? text.replace(colours, '').length : text.length
}
