/** Who may do what, and what is let in: typed into real kubectl as a CKS learner types it. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEmbeddedCluster, type EmbeddedCluster } from '../../src/embedded/cluster.ts'
import { type ServedCluster, serve } from '../../src/embedded/server.ts'
import { type Kubectl, kubectlFor, kubectls } from './kubectl.ts'

const found = kubectls(['1.30', '1.33'])
const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).length > 0
  } catch {
    return false
  }
})()

describe.each(found)('%s', (binary) => {
  let embedded: EmbeddedCluster
  let served: ServedCluster
  let kubectl: Kubectl
  beforeAll(async () => {
    embedded = await createEmbeddedCluster()
    served = await serve(embedded)
    kubectl = kubectlFor(binary, served.kubeconfig)
  })
  afterAll(async () => {
    kubectl.remove()
    await served.close()
    embedded.stop()
  })
  const said = async (line: string): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(...line.split(' '))
    expect({ line, code, stderr }).toEqual({ line, code: 0, stderr: '' })
    return stdout
  }
  const fails = async (line: string): Promise<string> => {
    const { code, stdout, stderr } = await kubectl(...line.split(' '))
    expect({ line, code }).toEqual({ line, code: 1 })
    return stderr || stdout
  }
  const apply = (text: string, ...more: string[]) => kubectl.piped(text, 'apply', '-f', '-', ...more)

  test('roles, bindings, can-i, whoami', async () => {
    await said('create namespace team')
    await said('-n team create role reader --verb=get,list,watch --resource=pods,pods/log')
    await said('-n team create serviceaccount bot')
    await said('-n team create rolebinding read --role=reader --serviceaccount=team:bot --user=ann')
    const bot = '--as=system:serviceaccount:team:bot'
    expect(await said(`auth can-i list pods -n team ${bot}`)).toBe('yes\n')
    expect(await said(`auth can-i get pods --subresource=log -n team ${bot}`)).toBe('yes\n')
    expect(await fails(`auth can-i delete pods -n team ${bot}`)).toBe('no\n')
    expect(await fails(`auth can-i list pods ${bot}`)).toBe('no\n')
    expect(await said('auth can-i * *')).toBe('yes\n')
    expect(await said(`auth can-i --list -n team ${bot}`)).toMatch(/^pods\/log +\[\] +\[\] +\[get list watch\]$/m)
    expect(await said('auth whoami --as=ann --as-group=dev')).toMatch(
      /Username +ann\nGroups +\[dev system:authenticated\]/,
    )
    expect(await said('get pods -n team --as=ann -o name')).toBe('')
    expect(await fails('get secrets -n team --as=ann')).toBe(
      'Error from server (Forbidden): secrets is forbidden: User "ann" cannot list resource "secrets" in API group "" in the namespace "team"\n',
    )
    expect(await said('-n team get rolebinding -o wide')).toMatch(/read +Role\/reader +\S+ +ann +team\/bot/)
  })

  test('a token of a ServiceAccount may do what its bindings say', async () => {
    const token = (await said('-n team create token bot')).trim()
    const config = served.kubeconfig
      .replace(/client-certificate-data:.*\n/, `token: ${token}\n`)
      .replace(/ *client-key-data:.*\n/, '')
    const bot = kubectlFor(binary, config)
    try {
      expect((await bot('-n', 'team', 'get', 'pods')).code).toBe(0)
      expect((await bot('-n', 'team', 'run', 'x', '--image=nginx')).stderr).toBe(
        'Error from server (Forbidden): pods is forbidden: User "system:serviceaccount:team:bot" cannot create resource "pods" in API group "" in the namespace "team"\n',
      )
      expect((await bot('auth', 'whoami')).stdout).toMatch(/Username +system:serviceaccount:team:bot/)
    } finally {
      bot.remove()
    }
  })

  test('nobody grants what they do not hold; reconcile grants what is missing', async () => {
    await said('create clusterrolebinding own --clusterrole=admin --user=olga')
    expect(await fails('create clusterrolebinding all --clusterrole=cluster-admin --user=olga --as=olga')).toContain(
      'clusterrolebindings.rbac.authorization.k8s.io is forbidden: User "olga" cannot create resource "clusterrolebindings"',
    )
    expect(await fails('-n team create rolebinding all --clusterrole=cluster-admin --user=olga --as=olga')).toContain(
      'user "olga" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}',
    )
    const role = (verbs: string) =>
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reader, namespace: team}\nrules:\n- {apiGroups: [""], resources: [pods], verbs: [${verbs}]}\n`
    const { stdout } = await kubectl.piped(role('delete'), 'auth', 'reconcile', '-f', '-')
    expect(stdout).toContain('role.rbac.authorization.k8s.io/reader reconciled')
    expect(await said('auth can-i delete pods -n team --as=ann')).toBe('yes\n')
    expect(await said('auth can-i list pods -n team --as=ann')).toBe('yes\n')
  })

  test('Pod Security by label', async () => {
    await said('create namespace strict')
    await said('label namespace strict pod-security.kubernetes.io/enforce=restricted')
    expect(await fails('-n strict run web --image=nginx')).toMatch(
      /^Error from server \(Forbidden\): pods "web" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false \(container "web" must set securityContext.allowPrivilegeEscalation=false\), unrestricted capabilities/,
    )
    const made = await kubectl('-n', 'strict', 'create', 'deployment', 'web', '--image=nginx')
    expect(made.code).toBe(0)
    expect(made.stderr).toMatch(/^Warning: would violate PodSecurity "restricted:latest": allowPrivilegeEscalation/)
    expect(await fails('label namespace strict pod-security.kubernetes.io/warn=none')).toContain(
      'The Namespace "strict" is invalid: metadata.labels[pod-security.kubernetes.io/warn]: Invalid value: "none": must be one of privileged, baseline, restricted',
    )
  })

  test('quotas and limits', async () => {
    await said('-n team create quota q --hard=count/configmaps=2,pods=0')
    await said('-n team create configmap one')
    expect(await fails('-n team create configmap two')).toBe(
      'error: failed to create configmap: configmaps "two" is forbidden: exceeded quota: q, requested: count/configmaps=1, used: count/configmaps=2, limited: count/configmaps=2\n',
    )
    expect(await said('-n team describe quota q')).toMatch(/count\/configmaps +2 +2\npods +0 +0/)
    const limits = `apiVersion: v1\nkind: LimitRange\nmetadata: {name: l, namespace: strict}\nspec: {limits: [{type: Container, max: {cpu: "1"}}]}\n`
    expect((await apply(limits)).stdout).toBe('limitrange/l created\n')
    expect(await said('describe namespace strict')).toMatch(/Container +cpu +- +1 +1 +1 +-/)
  })

  test.skipIf(!hasOpenssl)('a user by certificate', async () => {
    const key = kubectl.file('anna.key', '')
    const csr = kubectl.file('anna.csr', '')
    execFileSync(
      'openssl',
      ['req', '-new', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', csr, '-subj', '/O=dev/CN=anna'],
      { stdio: 'pipe' },
    )
    const request = readFileSync(csr).toString('base64')
    const object = `apiVersion: certificates.k8s.io/v1\nkind: CertificateSigningRequest\nmetadata: {name: anna}\nspec:\n  request: ${request}\n  signerName: kubernetes.io/kube-apiserver-client\n  usages: [client auth]\n`
    expect((await apply(object)).stdout).toBe('certificatesigningrequest.certificates.k8s.io/anna created\n')
    expect(await said('get csr anna')).toMatch(
      /kubernetes.io\/kube-apiserver-client +kubernetes-admin +<none> +Pending/,
    )
    expect(await said('certificate approve anna')).toContain('anna approved')
    expect(await said('get csr anna')).toMatch(/Approved,Issued/)
    const certificate = await said('get csr anna -o jsonpath={.status.certificate}')
    const config = served.kubeconfig
      .replace(/client-certificate-data:.*/, `client-certificate-data: ${certificate}`)
      .replace(/client-key-data:.*/, `client-key-data: ${readFileSync(key).toString('base64')}`)
    const anna = kubectlFor(binary, config)
    try {
      expect((await anna('auth', 'whoami')).stdout).toMatch(/Username +anna\nGroups +\[dev system:authenticated\]/)
      expect((await anna('get', 'nodes')).stderr).toContain(
        'User "anna" cannot list resource "nodes" in API group "" at the cluster scope',
      )
    } finally {
      anna.remove()
    }
  })

  test('a ValidatingAdmissionPolicy', async () => {
    const policy = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: few}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [deployments]}]
  validations: [{expression: object.spec.replicas <= 5}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: few}
spec: {policyName: few, validationActions: [Deny]}
`
    expect((await apply(policy)).stderr).toBe('')
    expect(await fails('create deployment big --image=nginx --replicas=6')).toContain(
      `deployments.apps "big" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'few' denied request: failed expression: object.spec.replicas <= 5`,
    )
    expect(await said('get validatingadmissionpolicies')).toMatch(/few +1 +<unset>/)
    expect(await said('get validatingadmissionpolicybindings')).toMatch(/few +few +<unset>/)
  })

  test('what is served, and how each is made', async () => {
    const names = (await said('api-resources --no-headers -o name')).trim().split('\n')
    expect(names).toEqual(
      expect.arrayContaining([
        'runtimeclasses.node.k8s.io',
        'events.events.k8s.io',
        'horizontalpodautoscalers.autoscaling',
        'csidrivers.storage.k8s.io',
      ]),
    )
    expect(await said('explain runtimeclass.handler')).toContain('handler <string>')
    for (const line of [
      'create clusterrole nodes --verb=list --resource=nodes',
      'create poddisruptionbudget p --selector=app=web --min-available=1',
      'create priorityclass high --value=1000',
      'create job j --image=busybox -- date',
      'create service nodeport np --tcp=80',
      'create secret docker-registry d --docker-server=x --docker-username=u --docker-password=p',
    ])
      expect((await kubectl(...line.split(' '))).code, line).toBe(0)
    expect(await said('-n kube-system get configmap kube-root-ca.crt -o jsonpath={.data}')).toContain(
      'BEGIN CERTIFICATE',
    )
    expect(await said('get nodes -o jsonpath={.items[*].metadata.name}')).toBe(
      'meshdojo-control-plane meshdojo-worker meshdojo-worker2',
    )
  })
})
