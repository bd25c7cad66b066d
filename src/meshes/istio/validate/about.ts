/** What checks read of an object besides its spec. */
export interface About {
  name: string
  namespace: string
  labels: Readonly<Record<string, string>>
}
