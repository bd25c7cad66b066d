/** What `new` writes: a lab and a scenario that are small, lint clean and verify, with words that ask to be replaced. */
import { parseTarget } from '../meshes/network.ts'
import type { Lab } from './schema.ts'

/** The line that makes editors complete and check the file; `path` leads to the schema from there. */
const schemaLine = (path: string): string => `# yaml-language-server: $schema=${path}\n`

/** Files of a lab: two namespaces, a server in the mesh, a client inside and one outside. */
export const labSkeleton = (name: string, schema: string): Record<string, string> => {
  const workload = (namespace: string, app: string, container: string): string => `---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: ${app}
  namespace: ${namespace}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${app}
  namespace: ${namespace}
  labels:
    app: ${app}
spec:
  replicas: 1
  selector:
    matchLabels:
      app: ${app}
  template:
    metadata:
      labels:
        app: ${app}
    spec:
      serviceAccountName: ${app}
      containers:
        - name: ${app}
${container}`
  const curl = `          image: curlimages/curl:8.15.0
          command: [sleep, infinity]
`
  const echo = `          image: mendhak/http-https-echo:37
          ports:
            - name: http
              containerPort: 8080
`
  return {
    'lab.yaml': `${schemaLine(schema)}apiVersion: meshdojo.dev/v1
kind: Lab
metadata:
  name: ${name}
  title: A title for the picker
  mesh: istio
spec:
  says: >-
    What this world is. inside (web, client) is in the mesh; outside (client) has no sidecars. No policy is set.
  manifests:
    - world.yaml
  matrix:
    sources:
      - inside/client
      - outside/client
    targets:
      - { name: web, url: "http://web.inside/" }
`,
    'world.yaml': `apiVersion: v1
kind: Namespace
metadata:
  name: inside
  labels:
    istio-injection: enabled
    meshdojo.dev/lab: ${name}
---
apiVersion: v1
kind: Namespace
metadata:
  name: outside
  labels:
    meshdojo.dev/lab: ${name}
---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: inside
  labels:
    app: web
spec:
  selector:
    app: web
  ports:
    - name: http
      appProtocol: http
      port: 80
      targetPort: http
${workload('inside', 'web', echo)}${workload('inside', 'client', curl)}${workload('outside', 'client', curl)}`,
  }
}

/** The parts of a lab that the example step is about; undefined when its table has too little. */
const castOf = ({
  spec: { matrix },
}: Lab): { inside: string; outside: string; url: string; namespace: string } | undefined => {
  const inside = matrix.sources[0]
  const outside = matrix.sources.findLast((source) => source.split('/')[0] !== inside?.split('/')[0])
  const hostOf = (url: string): string => parseTarget(url)?.host ?? ''
  const target = matrix.targets.find(({ url }) => {
    const [service, namespace] = hostOf(url).split('.')
    return namespace === inside?.split('/')[0] && `${namespace}/${service}` !== inside
  })
  if (inside === undefined || outside === undefined || target === undefined) return undefined
  return { inside, outside, url: target.url, namespace: hostOf(target.url).split('.')[1]! }
}

/**
 * A scenario with one step. It is a real one, about the lab's first source, its last one and a target between them;
 * undefined when the lab's table does not have such three.
 */
export const scenarioSkeleton = (name: string, lab: Lab, schema: string): string | undefined => {
  const cast = castOf(lab)
  if (cast === undefined) return undefined
  const { inside, outside, url, namespace } = cast
  const policy = (indent: number, lines: string[]): string =>
    lines.map((line) => `${' '.repeat(indent)}${line}\n`).join('')
  const strict = (id: string, where: string, mode = 'STRICT'): string[] => [
    'apiVersion: security.istio.io/v1',
    'kind: PeerAuthentication',
    'metadata:',
    `  name: ${id}`,
    `  namespace: ${where}`,
    'spec:',
    '  mtls:',
    `    mode: ${mode}`,
  ]
  return `${schemaLine(schema)}apiVersion: meshdojo.dev/v1
kind: Scenario
metadata:
  name: ${name}
  title: A title for the picker
  mesh: ${lab.metadata.mesh}
  # Its group in the picker.
  track: mtls
  minutes: 10
  difficulty: easy
  # CKS core competencies that it trains; empty: beyond the exam.
  cks: [pod-to-pod-encryption]
  tags: [mtls]
  summary: >-
    One or two sentences: the situation, and what one will be able to do.
spec:
  lab: ${lab.metadata.name}
  steps:
    - id: refuse-plaintext
      title: What to reach, in a few words
      task: |
        A believable situation in two sentences. Say what to reach, and never how.

        **Reach this:**

        - No workload in \`${namespace}\` accepts a plaintext connection.
        - \`${inside}\` still gets its answer.
      hints:
        - A nudge. A question is best.
        - Which object, or which command shows the cause.
        - Nearly the answer, field by field.
      checks:
        - id: refused
          says: a caller without a sidecar is refused
          request: { from: ${outside}, to: "${url}", expect: refused }
        - id: still-works
          says: a caller of the mesh is answered, over mTLS
          request: { from: ${inside}, to: "${url}", expect: { status: 200, mtls: true } }
        - id: whole-namespace
          says: it holds for all of the namespace, tomorrow's workloads too
          object:
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            where: >-
              object.metadata.namespace in ['${namespace}', 'istio-system'] && object.spec.mtls.mode == 'STRICT' &&
              !has(object.spec.selector)
      solution: |
${policy(8, strict('default', namespace))}      # At least two other right answers, which must pass as well.
      alternatives:
        - id: another-name
          apply: |
${policy(12, strict('no-plaintext', namespace))}        - id: for-the-whole-mesh
          apply: |
${policy(12, strict('default', 'istio-system'))}      # Mutants of the solution ("verify --mutants") that are right all the same.
      equivalents:
        - mutant: "* metadata.namespace: ${namespace} -> istio-system"
          because: In the root namespace it holds for every namespace, this one included.
      # What learners really get wrong, the check that catches it, and what to tell them.
      mistakes:
        - id: wrong-namespace
          apply: |
${policy(12, strict('default', 'default'))}          fails: refused
          feedback: >-
            It lies in namespace default, where nothing of this lab runs.
        - id: still-permissive
          apply: |
${policy(12, strict('default', namespace, 'PERMISSIVE'))}          fails: refused
          feedback: >-
            PERMISSIVE takes both, mutual TLS and plaintext.
      explanation: |
        Why it worked, in the words of the field: what decides, where it is set, what wins over what. Then the trap that people
        fall into, and the one line to remember the night before the exam.
`
}
