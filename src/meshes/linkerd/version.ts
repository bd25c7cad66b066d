/** The edge release that equals Linkerd 2.20. */
export const linkerdVersion = 'edge-26.6.3'
