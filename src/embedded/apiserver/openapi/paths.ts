/** The path items of one kind: what kubectl reads to learn which kind a resource is and what its PATCH understands. */
import type { Kind } from '../../kinds/kind.ts'
import type { Schema } from './components.ts'

interface Operation {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** The verb of discovery that it stands for. */
  verb: string
  action: string
  /** On the collection or on one object. */
  on: 'collection' | 'object'
}

const operations: Operation[] = [
  { method: 'get', verb: 'list', action: 'list', on: 'collection' },
  { method: 'post', verb: 'create', action: 'post', on: 'collection' },
  { method: 'delete', verb: 'deletecollection', action: 'deletecollection', on: 'collection' },
  { method: 'get', verb: 'get', action: 'get', on: 'object' },
  { method: 'put', verb: 'update', action: 'put', on: 'object' },
  { method: 'patch', verb: 'patch', action: 'patch', on: 'object' },
  { method: 'delete', verb: 'delete', action: 'delete', on: 'object' },
]

const queryParameter = (name: string, type = 'string') => ({ name, in: 'query', schema: { type } })
const pathParameter = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string' } })
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => queryParameter(name))

const parametersOf = ({ method }: Operation) => {
  if (method === 'post' || method === 'put') return writeParameters
  if (method === 'patch') return [...writeParameters, queryParameter('force', 'boolean')]
  return method === 'delete' ? [queryParameter('dryRun')] : []
}

const json = (schema: Schema) => ({ content: { 'application/json': { schema } } })

const operationObject = (kind: Kind, operation: Operation, schema: Schema, listSchema: Schema) => {
  const { method, action } = operation
  const answer = action === 'list' ? listSchema : schema
  return {
    operationId: `${action}${kind.kind}`,
    parameters: parametersOf(operation),
    // PATCH names no strategic merge type: kubectl then takes merge keys from the types compiled into it.
    ...(method === 'post' || method === 'put' ? { requestBody: json(schema) } : {}),
    responses: { [method === 'post' ? 201 : 200]: { description: 'OK', ...json(answer) } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
  }
}

/** By path; schemas are references to the kind's component and its list's. */
export const pathsOf = (kind: Kind, schema: Schema, listSchema: Schema): [string, Schema][] => {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
  const collection = `${root}/${kind.namespaced ? 'namespaces/{namespace}/' : ''}${kind.resource}`
  const item = (on: Operation['on'], verbs: (verb: string) => boolean, parameters: string[]): Schema => ({
    ...Object.fromEntries(
      operations
        .filter((operation) => operation.on === on && verbs(operation.verb))
        .map((operation) => [operation.method, operationObject(kind, operation, schema, listSchema)]),
    ),
    parameters: parameters.map(pathParameter),
  })
  const serves = (verb: string) => kind.verbs === undefined || kind.verbs.includes(verb)
  const scope = kind.namespaced ? ['namespace'] : []
  const paths: [string, Schema][] = [[collection, item('collection', serves, scope)]]
  if (serves('get')) paths.push([`${collection}/{name}`, item('object', serves, [...scope, 'name'])])
  if (kind.namespaced && serves('list')) {
    paths.push([`${root}/${kind.resource}`, item('collection', (verb) => verb === 'list', [])])
  }
  return paths
}
