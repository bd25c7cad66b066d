import { describe, expect, test } from 'vitest'
import type { Matrix } from '../../../src/session/types.ts'
import { legend, matrixSentences, matrixTable, sentence, shorten, worstFirst } from '../../../src/tui/lines/matrix.ts'
import { plainText, widthOf } from '../../../src/tui/text.ts'
import { openMatrix, strictMatrix } from '../views.ts'

const draw = (matrix: Matrix, selected: number, width: number) => {
  const { head, lines } = matrixTable(matrix, selected, width)
  return [...head, ...lines].map((row) => plainText(row).trimEnd())
}

describe('the table', () => {
  test('marks what is wrong and what is selected', () => {
    expect(draw(openMatrix, 18, 42)).toEqual([
      'from\\to      fronte api-se orders server',
      'frontend     .      M      M      P',
      'api-server   M      .      M      P',
      'orders       M      M      .      P',
      'stag/client  M      M      M      P',
      'lega/client  P      P     >P!<    P',
    ])
  })

  test('marks what changed', () => {
    expect(draw(strictMatrix, 0, 42).at(-1)).toBe('lega/client  r*     r*     r*     P')
  })

  test.each([
    [
      'both',
      ['frontend     .      M      M/M    P', 'lega/client  P      P     >P/r!<  P'],
      'M mTLS  P plaintext  r reset  now/goal',
    ],
    ['goal', ['frontend     .             M', 'lega/client               >r<'], 'M mTLS  r reset  blank nothing asked'],
  ] as const)('shows the %s', (as, [first, last], letters) => {
    const { lines } = matrixTable(openMatrix, 18, 42, as)
    const rows = lines.map((row) => plainText(row).trimEnd())
    expect([rows[0], rows.at(-1)]).toEqual([first, last])
    expect(plainText(legend(openMatrix, 80, as)[0]!)).toContain(letters)
  })

  test('draws mismatches in their own role, whatever the letter', () => {
    const { lines } = matrixTable(openMatrix, 0, 60)
    expect(lines.flat().filter((part) => part.role === 'wrong')).toEqual([{ text: 'P!', role: 'wrong' }])
  })

  test('uses whole names where there is room', () => {
    expect(draw(openMatrix, 0, 90)[0]).toContain('api-server')
    expect(draw(openMatrix, 0, 90)[5]).toContain('legacy/client')
  })

  test.each([34, 40, 42, 60, 76, 100])('fits %i cells', (width) => {
    const { head, lines } = matrixTable(openMatrix, 18, width)
    expect(Math.max(...[...head, ...lines].map(widthOf))).toBeLessThanOrEqual(width)
  })
})

describe('shorten', () => {
  test.each([
    ['nothing to do', ['a/b', 'c/d'], 10, ['a/b', 'c/d']],
    ['namespaces that nobody misses', ['production/web', 'legacy/client'], 8, ['web', 'client']],
    ['a short namespace tells twins apart', ['staging/client', 'legacy/client'], 11, ['stag/client', 'lega/client']],
    ['cropped names stay different', ['checkout-a', 'checkout-b'], 5, ['check', 'chec1']],
  ])('%s', (_, names, width, expected) => {
    expect(shorten(names, width)).toEqual(expected)
  })
})

describe('sentences', () => {
  test('wrong pairs come first, then changed ones', () => {
    expect(sentence(worstFirst(openMatrix)[0]!)).toBe(
      'legacy/client to orders: allowed in plaintext, not what this step asks for: connection reset',
    )
    expect(sentence(worstFirst(strictMatrix)[0]!)).toBe('legacy/client to frontend: connection reset, changed')
  })

  test('a workload and itself are left out', () => {
    const { pairs } = matrixSentences(openMatrix, 0, 80)
    expect(pairs).toHaveLength(17)
  })
})
