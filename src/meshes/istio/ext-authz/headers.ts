/** Lists of header names with `*` at one end, in any case (pilot/pkg/security/authz/builder/extauthz.go, generateHeaders). */
import { stringPattern } from '../../match/strings.ts'
import { texts } from '../read.ts'

/** Whether a name is in the list. An absent or empty list has none. */
export const headerMatcher = (list: unknown): ((name: string) => boolean) => {
  const patterns = texts(list).map((each) => stringPattern(each, true))
  return (name) => patterns.some((matches) => matches(name))
}

export const isEmptyList = (list: unknown): boolean => texts(list).length === 0
