/** Reading YAML where one cannot wait: the library is heavy, and loaded when there is some. */
import { createRequire } from 'node:module'

/** One document as plain values. Throws what `yaml` throws. */
export const parseYaml = (text: string): unknown =>
  (createRequire(import.meta.url)('yaml') as typeof import('yaml')).parse(text)
