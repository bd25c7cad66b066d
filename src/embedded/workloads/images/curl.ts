/** curlimages/curl: curl on Alpine, as user 100 (curl_user). Usually kept alive with `sleep`. */
import type { Image } from '../workload.ts'

export const curlImage: Image = {
  repository: 'curlimages/curl',
  says: 'curl and a shell; keep it alive with command: [sleep, infinity]',
  entrypoint: ['/entrypoint.sh'],
  cmd: ['curl'],
  workingDir: '/home/curl_user',
  user: 100,
  userland: 'busybox',
  files: { '/etc/alpine-release': '3.20.2\n' },
}
