/** How the proxies of a mesh do TLS with each other, as far as an observer can tell one from another. */

export interface TlsStyle {
  /** ALPN of a client for HTTP/1.1, and what a server accepts; empty: the extension is not there. */
  offered: string[]
  accepted: string[]
  ciphers: string[]
  /** Key exchange groups, the preferred one first: it gets the key share. */
  groups: string[]
  minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** What the proxies do otherwise than this capture. */
  notes: { headers: string; records: string }
}

/** TLS 1.3's own, the same in all of them. */
const ciphers13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256']

/**
 * istio/istio pilot/pkg/xds/filters/filters.go (ALPN of a client that speaks HTTP/1.1), pilot/pkg/networking/util/util.go
 * (ALPNHttp), pilot/pkg/networking/core/cluster_tls.go (TLS 1.2 to 1.3). The ciphers of TLS 1.2 are its own list, which
 * every ClientHello carries; those of TLS 1.3 are not configurable.
 */
const istio: TlsStyle = {
  offered: ['istio-http/1.1', 'istio', 'http/1.1'],
  accepted: ['h2', 'http/1.1'],
  ciphers: [
    ...ciphers13,
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
    'AES256-GCM-SHA384',
    'AES128-GCM-SHA256',
  ],
  groups: ['X25519', 'P-256'],
  minVersion: 'TLSv1.2',
  notes: {
    headers:
      "Shown is what the caller's application sent and got. Headers that its sidecar adds on the way (x-request-id, x-forwarded-proto, x-envoy-*) are not.",
    records:
      'The handshake and the records are real, made by OpenSSL with certificates for these identities; a sidecar uses BoringSSL, and reuses connections. Inside is HTTP/1.1, as Istio sends what came as HTTP/1.1.',
  },
}

/**
 * linkerd/linkerd2-proxy linkerd/rustls/src/crypto.rs (TLS 1.3 alone, its ciphers and groups),
 * linkerd/app/outbound/src/http/concrete.rs (ALPN only with a transport header), linkerd/tls/src/client.rs (the server
 * name is the server's identity).
 */
const linkerd: TlsStyle = {
  offered: [],
  accepted: [],
  ciphers: ciphers13,
  groups: ['X25519MLKEM768', 'X25519', 'P-256', 'P-384'],
  minVersion: 'TLSv1.3',
  notes: {
    headers:
      "Shown is what the caller's application sent and got. Headers that its proxy adds on the way (l5d-orig-proto) are not.",
    records:
      "The handshake and the records are real, made by OpenSSL with certificates for these identities; Linkerd's proxy uses rustls, reuses connections, and carries HTTP/1.1 inside HTTP/2: its records of the request have other lengths.",
  },
}

/** By mesh; a mesh that is not here has no capture under mutual TLS. */
export const tlsStyles: Readonly<Partial<Record<string, TlsStyle>>> = { istio, linkerd }
