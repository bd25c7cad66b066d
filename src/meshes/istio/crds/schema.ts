/** The words that every mesh writes its CRDs in. */
export * from '../../schema.ts'
