/** Images that bring a shell and no program of their own. Their default command ends at once, as in real life. */
import type { Image } from '../workload.ts'

export const busybox: Image = {
  repository: 'busybox',
  says: 'a shell with wget, nc and nslookup in busybox form; keep it alive with command: [sleep, infinity]',
  cmd: ['sh'],
  userland: 'busybox',
}

export const alpine: Image = {
  repository: 'alpine',
  says: 'a shell on Alpine Linux; keep it alive with command: [sleep, infinity]',
  cmd: ['/bin/sh'],
  userland: 'busybox',
  files: { '/etc/alpine-release': '3.22.1\n' },
}
