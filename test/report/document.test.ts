/** What reports are written as: texts of clusters and of content stay text. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { heading, items, table, text, toHtml, toMarkdown } from '../../src/report/document.ts'

test('Markdown: each kind of block', () => {
  const document = [heading(2, 'Title'), text('One.', 'Two.'), ...items(['a', 'b']), ...table(['h', 'i'], [['1', '2']])]
  expect(toMarkdown(document)).toBe('## Title\n\nOne. Two.\n\n- a\n- b\n\n| h | i |\n| --- | --- |\n| 1 | 2 |\n')
  expect([...items([]), ...table(['h'], [])]).toEqual([])
})

test.each([
  ['a | b', 'a \\| b'],
  ['`x` *y* _z_ ~~s~~', '\\`x\\` \\*y\\* \\_z\\_ \\~\\~s\\~\\~'],
  ['[link](http://x) <b>&amp;', '\\[link\\](http://x) \\<b\\>\\&amp;'],
  ['C:\\dir', 'C:\\\\dir'],
  ['# not a heading', '\\# not a heading'],
  ['#5 is none anyway', '#5 is none anyway'],
  ['- not an item', '\\- not an item'],
  ['---', '\\---'],
  ['-X POST', '-X POST'],
  ['1. not a list', '1\\. not a list'],
  ['200 over mTLS', '200 over mTLS'],
  ['two\n\nlines\r\n# here', 'two lines # here'],
  ['\u001b[2Jcleared\u0007\u009b', '\\[2Jcleared'],
])('Markdown: %j is written as %j', (words, written) => {
  expect(toMarkdown([text(words)])).toBe(`${written}\n`)
})

test('HTML: nothing of a text becomes a tag, an entity or a control character', () => {
  expect(toHtml([text('<script>alert("1 & 2")</script>\u001b')])).toContain(
    '<p>&lt;script&gt;alert(&quot;1 &amp; 2&quot;)&lt;/script&gt;</p>',
  )
  const ours = /<\/?(?:h1|p|ul|li|table|thead|tbody|tr|th|td)>/g
  const bodyOf = (words: string): string =>
    toHtml([heading(1, words), text(words), ...items([words]), ...table([words], [[words]])])
      .replace(/^[\s\S]*<body>/, '')
      .replace('</body>\n</html>', '')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (words) => {
      expect(bodyOf(words).replace(ours, '')).not.toMatch(/[<>]|&(?!(?:amp|lt|gt|quot);)|(?!\n)\p{Cc}/u)
    }),
  )
})

test('Markdown: a text is one line, and without its escapes it is the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (words) => {
      const written = toMarkdown([text(words)])
      expect(written.trimEnd().split('\n')).toHaveLength(1)
      const read = written.replace(/\\([\\`*_~[\]<>|&#\-+=.)])/g, '$1').trim()
      expect(read).toBe(words.replace(/[\s\p{Cc}]+/gu, ' ').trim())
    }),
  )
})
