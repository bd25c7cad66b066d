/** Tracks: what a scenario is about, in the order in which a learner meets them. */

const titles = {
  basics: 'Basics',
  mtls: 'mTLS',
  authorization: 'Authorization',
  tokens: 'Tokens',
  network: 'Network policy',
  traffic: 'Traffic',
  observability: 'Observability',
  edge: 'Edge',
  broken: 'Broken on purpose',
  choosing: 'Choosing a mesh',
  exam: 'Exam',
}

export type Track = keyof typeof titles

export const tracks = Object.keys(titles) as [Track, ...Track[]]

const isTrack = (text: string): text is Track => Object.hasOwn(titles, text)

/** The track of a scenario that names none is its first tag that is one; content of others may have neither. */
export const trackOf = ({ track, tags }: { track?: Track; tags: readonly string[] }): Track | undefined =>
  track ?? tags.find(isTrack)

/** As people read it. */
export const trackTitle = (track: Track | undefined): string => (track === undefined ? 'More' : titles[track])

/** Where a track stands among the others; scenarios without one come last. */
export const trackOrder = (track: Track | undefined): number =>
  track === undefined ? tracks.length : tracks.indexOf(track)
