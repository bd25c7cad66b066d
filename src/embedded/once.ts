/** Makes a constant on the first question and keeps it: for what is costly to load and never changes. */
export const once = <T>(make: () => T): (() => T) => {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
