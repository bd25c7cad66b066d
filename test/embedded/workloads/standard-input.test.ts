/** Which command lines wait for standard input: the others must end although a client keeps its end open. */
import { describe, expect, test } from 'vitest'
import { mayRead, scriptMayRead } from '../../../src/embedded/workloads/shell/standard-input.ts'

describe('scripts', () => {
  test.each<[string, boolean]>([
    ['ls /; echo hi', false],
    ['cat', true],
    ['cat /etc/hosts', false],
    ['cat - /etc/hosts', true],
    ['cat > /tmp/x', true],
    ['cat < /etc/hosts', false],
    ['cat <<EOF\nx\nEOF', false],
    ['echo x | cat', false],
    ['cat | wc -l', true],
    ['head -n 5', true],
    ['head -n 5 /etc/hosts', false],
    ['grep x', true],
    ['grep x /etc/hosts', false],
    ['grep -e x', true],
    ['grep -r x', false],
    ['sed -n 1p', true],
    ["awk '{print $1}' /etc/hosts", false],
    ['while read line; do echo "$line"; done', true],
    ['while read line; do echo "$line"; done < /etc/hosts', false],
    ['for i in 1 2 3; do curl -s http://web; sleep 1; done', false],
    ['f() { cat; }; f', true],
    ['if true; then (tr a b); fi', true],
    ['curl -d @- http://web', true],
    ['tar xf -', true],
    ['tar cf - /etc', false],
    ['tar tf /tmp/a.tar', false],
    ['sh', true],
    ["sh -c 'cat'", true],
    ["sh -c 'ls'", false],
    ['env A=b cat', true],
    ['timeout 5 cat', true],
    ['timeout 5 ls', false],
    ['timeout 5 head -n 1', true],
    ['timeout -s KILL 5 nc -zv web 80', false],
    ["env -u A B=c sh -c 'ls'", false],
    ['env A=b /bin/cat', true],
    ['env cut -d = -f 2 /etc/hosts', false],
    ['x=$(cat)', true],
    ['nc -zv web 80', false],
    ['/bin/cat', true],
    ['if', false],
  ])('%s', (script, expected) => {
    expect(scriptMayRead(script)).toBe(expected)
  })
})

test('a command line', () => {
  expect(mayRead(['tar', '-xmf', '-', '-C', '/tmp'])).toBe(true)
  expect(mayRead(['ls', '/host'])).toBe(false)
})
