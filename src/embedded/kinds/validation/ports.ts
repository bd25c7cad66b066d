/** Ports by number or by name, wherever a spec may use either. */
import type { FieldError } from '../kind.ts'
import { complaints, invalid } from './errors.ts'
import { portName } from './names.ts'

const range = 'must be between 1 and 65535, inclusive'

/** A number must be a port, a name the name of one; what is left out is port 0. */
export const portErrors = (port: number | string | undefined, field: string): FieldError[] => {
  if (typeof port === 'string') return complaints(field, port, portName)
  return port !== undefined && port >= 1 && port <= 65535 ? [] : [invalid(field, port ?? 0, range)]
}
