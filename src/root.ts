/**
 * Where the program's own files are. `src/` and the built `dist/` are both one level below the package root, and
 * built chunks lie flat in `dist/`, so the same expression serves both.
 */
import { fileURLToPath } from 'node:url'

/** The absolute path of a file or folder that ships with the program, e.g. `packagePath('labs/shop-istio')`. */
export const packagePath = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url))
