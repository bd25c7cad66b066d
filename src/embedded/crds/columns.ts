/** A CRD's additional printer columns as table columns. */
import { ageColumn, nameColumn } from '../kinds/columns.ts'
import { since } from '../kinds/duration.ts'
import type { Column } from '../kinds/kind.ts'
import type { PrinterColumn } from './definition.ts'
import { compileJsonPath } from './jsonpath.ts'

type Cell = string | number | boolean | null

export const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'] as const

const asText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

/** A value that does not fit the column's type shows nothing. */
const cellOf = (type: string, value: unknown, now: number): Cell => {
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      if (typeof value !== 'string') return null
      return Number.isNaN(Date.parse(value)) ? '<invalid>' : since(value, now)
    default:
      return asText(value)
  }
}

const columnOf = ({ name, type, format, description, priority, jsonPath }: PrinterColumn): Column => {
  const find = compileJsonPath(jsonPath)
  return {
    name,
    type: columnTypes.find((known) => known === type) ?? 'string',
    ...(format ? { format } : {}),
    description: description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    ...(priority ? { priority } : {}),
    cell: (object, now) => {
      const [value] = find(object)
      return value === undefined || value === null ? null : cellOf(type, value, now)
    },
  }
}

/** Name first; Age only when the CRD declares no columns at all. */
export const columnsOf = (columns: readonly PrinterColumn[] | undefined): Column[] =>
  columns && columns.length > 0 ? [nameColumn, ...columns.map(columnOf)] : [nameColumn, { ...ageColumn, type: 'date' }]
