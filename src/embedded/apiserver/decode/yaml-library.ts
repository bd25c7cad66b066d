/** What of the yaml library the API server uses, in a module of its own: a bundled CommonJS package has no names when imported late. */
export { isScalar, LineCounter, parseAllDocuments, stringify, visit } from 'yaml'
