/** Verbs for real clusters, which this version does not have. */
import { exit, type Io, note } from './io.ts'

export const later = async (io: Io, verb: 'create' | 'delete' | 'list'): Promise<number> => {
  note(
    io,
    `"cluster ${verb}" is for real clusters made by kind, which are not there yet; "cluster serve" starts an embedded one, which needs nothing installed`,
  )
  return exit.usage
}
