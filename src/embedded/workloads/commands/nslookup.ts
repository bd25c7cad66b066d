/** `nslookup` as in busybox, and the part of `dig` that people use inside clusters. A records only. */
import { type Command, type Process, pause } from '../process/process.ts'

const server = '10.96.0.10'

/** Milliseconds that a silent server is asked for: busybox and BIND both wait 5 s, two or three times. */
const patience = { nslookup: 10_000, dig: 15_000 }

const isSilent = async ({ container, signal }: Process, wait: number): Promise<boolean> => {
  if (container.network.dns.answers(container.pod)) return false
  await pause(container.clock, wait, signal)
  return true
}

export const nslookup: Command = async (process) => {
  const operands = process.argv.slice(1).filter((word) => !word.startsWith('-'))
  const name = operands[0]
  if (name === undefined) {
    process.err('BusyBox v1.36.1 multi-call binary.\n\nUsage: nslookup [-type=QUERY_TYPE] [-debug] HOST [DNS_SERVER]\n')
    return 1
  }
  if (await isSilent(process, patience.nslookup)) {
    process.out(';; connection timed out; no servers could be reached\n\n')
    return 1
  }
  const isDebian = process.container.userland === 'debian'
  process.out(`Server:\t\t${server}\nAddress:\t${server}${isDebian ? '#53' : ':53'}\n\n`)
  const { pod, network } = process.container
  const found = network.dns.lookup(pod, name)
  if (!found) {
    process.out(`** server can't find ${name}: NXDOMAIN\n\n`)
    return 1
  }
  for (const address of found.addresses) process.out(`Name:\t${found.name}\nAddress: ${address}\n`)
  process.out('\n')
  return 0
}

export const dig: Command = async (process) => {
  const words = process.argv.slice(1)
  const options = words.filter((word) => word.startsWith('+'))
  const name = words.find((word) => !/^[+@-]/.test(word) && !/^(A|AAAA|SRV|CNAME|ANY|IN)$/.test(word))
  const type = words.find((word) => /^(A|AAAA|SRV|CNAME|ANY)$/.test(word)) ?? 'A'
  if (name === undefined) {
    process.err('dig: give a name to look up\n')
    return 1
  }
  const { pod, network } = process.container
  if (await isSilent(process, patience.dig)) {
    const lost = `;; communications error to ${server}#53: timed out\n`.repeat(3)
    process.out(
      `${lost}\n; <<>> DiG 9.18.28 <<>> ${words.join(' ')}\n;; global options: +cmd\n;; no servers could be reached\n`,
    )
    return 9
  }
  // dig asks for the name as it stands unless told to search.
  const asked = options.includes('+search') ? name : `${name.replace(/\.$/, '')}.`
  const found = type === 'A' || type === 'ANY' ? network.dns.lookup(pod, asked) : undefined
  const records = (found?.addresses ?? []).map((address) => ({ owner: `${found?.name}.`, address }))
  if (options.includes('+short')) {
    process.out(records.map(({ address }) => `${address}\n`).join(''))
    return 0
  }
  const shown = `${found?.name ?? name.replace(/\.$/, '')}.`
  process.out(
    `\n; <<>> DiG 9.18.28 <<>> ${words.join(' ')}\n;; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${found ? 'NOERROR' : 'NXDOMAIN'}, id: 4242\n;; flags: qr aa rd; QUERY: 1, ANSWER: ${records.length}, AUTHORITY: 0, ADDITIONAL: 1\n\n;; QUESTION SECTION:\n;${shown}\tIN\t${type}\n`,
  )
  if (records.length > 0)
    process.out(
      `\n;; ANSWER SECTION:\n${records.map(({ owner, address }) => `${owner}\t30\tIN\tA\t${address}\n`).join('')}`,
    )
  process.out(`\n;; Query time: 0 msec\n;; SERVER: ${server}#53(${server}) (UDP)\n\n`)
  return 0
}
