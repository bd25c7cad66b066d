/** A machine with small real programs in place of docker, kind and the rest: shell scripts that remember in files. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Programs by name: the body of a shell script, with `$line` as the command line and `$state` as its memory. */
export type Programs = Readonly<Record<string, string>>

/** A cluster is there when `$state/cluster` is; Istio when `$state/istio` is. */
export const usual: Programs = {
  docker: `case "$line" in 'docker info') echo ok ;; *) unexpected ;; esac`,
  kind: `case "$line" in
    'kind version') echo 'kind v0.31.0 go1.25.5 linux/amd64' ;;
    'kind get clusters') if [ -f "$state/cluster" ]; then read -r name < "$state/cluster"; echo "$name"; fi ;;
    'kind create cluster --name '*) echo "$4" > "$state/cluster"; echo 'kubeconfig' > "$KUBECONFIG" ;;
    'kind delete cluster --name '*) /bin/rm -f "$state/cluster" "$state/istio" ;;
    *) unexpected ;; esac`,
  kubectl: `case "$line" in
    'kubectl version --client') echo 'Client Version: v1.35.0' ;;
    'kubectl get --raw /readyz '*) [ -f "$state/cluster" ] && echo ok ;;
    'kubectl get secret '*) exit 1 ;;
    'kubectl wait '*|'kubectl get deployment/istiod '*|'kubectl rollout status deployment/istiod '*) [ -f "$state/istio" ] ;;
    *) unexpected ;; esac`,
  istioctl: `case "$line" in
    'istioctl version --remote=false') echo 'client version: 1.30.3' ;;
    'istioctl install '*) : > "$state/istio" ;;
    *) unexpected ;; esac`,
}

const script = (name: string, body: string, root: string): string => `#!/bin/sh
state='${root}/state'
line="${name}\${*:+ $*}"
echo "$line" >> '${root}/ran'
unexpected() { echo "not expected: $line" >&2; echo "$line" >> '${root}/unexpected'; exit 97; }
set -- "$@"
${body}
`

export interface Machine {
  /** For the program under test: these programs are all there is on the PATH. */
  env: NodeJS.ProcessEnv
  stateFolder: string
  /** Command lines so far, in order. */
  ran(): string[]
  /** Command lines that no program was made for. */
  unexpected(): string[]
  has(name: 'cluster' | 'istio'): boolean
  /** Puts another program in place of one, or takes it away. */
  change(name: string, body: string | undefined): void
}

export const makeMachine = (programs: Programs = usual): Machine => {
  const root = mkdtempSync(join(tmpdir(), 'machine-'))
  const bin = join(root, 'bin')
  for (const folder of ['bin', 'state', 'home']) mkdirSync(join(root, folder))
  const lines = (file: string): string[] =>
    existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8').trimEnd().split('\n') : []
  const change = (name: string, body: string | undefined): void => {
    const path = join(bin, name)
    if (body === undefined) {
      // Not there, and not to be run: what is left cannot be found.
      if (existsSync(path)) chmodSync(path, 0o644)
      return
    }
    writeFileSync(path, script(name, body, root))
    chmodSync(path, 0o755)
  }
  for (const [name, body] of Object.entries(programs)) change(name, body)
  const stateFolder = join(root, 'home', 'meshdojo')
  return {
    env: { PATH: bin, HOME: join(root, 'home'), MESHDOJO_HOME: stateFolder, KUBECONFIG: join(root, 'home', 'own') },
    stateFolder,
    ran: () => lines('ran'),
    unexpected: () => lines('unexpected'),
    has: (name) => existsSync(join(root, 'state', name)),
    change,
  }
}
