/** What to do about the usual ways in which making a cluster fails, by what the tools print. */

const usual: readonly [RegExp, string][] = [
  [/cannot connect to the docker daemon|is the docker daemon running/i, 'docker is not running: start it'],
  [
    /permission denied.*docker\.sock/i,
    'docker may not be used by you: add yourself to the group docker, and log in again',
  ],
  [/cannot connect to podman/i, 'podman is not running: start it with "podman machine start"'],
  [
    /no space left on device|disk quota exceeded/i,
    'the disk is full: "docker system prune" frees what docker no longer uses',
  ],
  [/too many open files|inotify/i, 'inotify limits are too low: see "meshdojo doctor"'],
  [
    /connection to the server .* was refused|dial tcp (127\.0\.0\.1|\[::1\]):\d+: connect: connection refused|Kubernetes cluster unreachable/i,
    'the cluster does not answer: see with "docker ps" whether its nodes run, and start docker if it was stopped',
  ],
  [
    /failed to pull image|ErrImagePull|ImagePullBackOff|manifest unknown|toomanyrequests|no such host|network is unreachable|dial tcp|cannot be reached|Could not resolve host|TLS handshake timeout|i\/o timeout/i,
    'an image or a chart could not be fetched: check the network, and a proxy if there is one',
  ],
  [/address already in use|port is already allocated/i, 'a port is in use: end what uses it'],
  [
    /node\(s\) already exist for a cluster with the name/i,
    'a cluster of that name is there: remove it with "meshdojo cluster delete"',
  ],
  [
    /timed out waiting for the condition/i,
    'it took too long: see "meshdojo doctor" for memory and CPUs; pods tell more with "kubectl describe"',
  ],
  [/cannot allocate memory|oom-?kill/i, 'there is not enough memory: give docker at least 6 GB'],
]

/** The first piece of advice that fits the lines; undefined when nothing is known. */
export const adviceFor = (lines: readonly string[]): string | undefined => {
  const text = lines.join('\n')
  return usual.find(([pattern]) => pattern.test(text))?.[1]
}
