/** What every mesh reads specs with. */
export * from '../read.ts'
