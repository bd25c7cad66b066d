/** The CRD of VirtualService. Field trees, enums and CEL rules are Istio's; the words are ours. */
import type { KubeObject } from '../../../kube/api.ts'
import { crd } from './definition.ts'
import {
  atMostOne,
  choice,
  doc,
  double,
  duration,
  flag,
  int32,
  list,
  map,
  nullable,
  object,
  string,
  text,
  uint32,
} from './schema.ts'
import { destination } from './shared.ts'

const stringMatch = atMostOne(object({ exact: text, prefix: text, regex: text }), ['exact', 'prefix', 'regex'])

const headerOperations = object({ add: map(text), remove: list(text), set: map(text) })

const headerChanges = object({ request: headerOperations, response: headerOperations })

const headerMatches = map(stringMatch)

const weightedRoutes = list(object({ destination: destination, weight: int32 }, { required: ['destination'] }))

export const virtualService = (): KubeObject =>
  crd({
    group: 'networking.istio.io',
    kind: 'VirtualService',
    plural: 'virtualservices',
    shortNames: ['vs'],
    versions: ['v1', 'v1alpha3', 'v1beta1'],
    storage: 'v1',
    describes: 'Says where requests for a host go: matching, splitting, rewriting, faults, timeouts, retries.',
    columns: [
      ['Gateways', 'string', '.spec.gateways', 'The gateways that the routes are for.'],
      ['Hosts', 'string', '.spec.hosts', 'The host names.'],
      ['Age', 'date', '.metadata.creationTimestamp', 'Time since creation.'],
    ],
    spec: object({
      exportTo: doc('Namespaces whose callers see this.', list(text)),
      gateways: doc('Gateways this applies to; "mesh", the default, means the sidecars.', list(text)),
      hosts: doc('The hosts that callers ask for.', list(text)),
      http: doc(
        'Routes for HTTP, the first match wins.',
        list(
          object({
            corsPolicy: object({
              allowCredentials: nullable(flag),
              allowHeaders: list(text),
              allowMethods: list(text),
              allowOrigin: list(text),
              allowOrigins: list(stringMatch),
              exposeHeaders: list(text),
              maxAge: duration,
              unmatchedPreflights: choice('UNSPECIFIED', 'FORWARD', 'IGNORE'),
            }),
            delegate: object({ name: text, namespace: text }),
            directResponse: object(
              {
                body: atMostOne(object({ bytes: string({ format: 'byte' }), string: text }), ['string', 'bytes']),
                status: uint32,
              },
              { required: ['status'] },
            ),
            fault: object({
              abort: atMostOne(
                object({
                  grpcStatus: text,
                  http2Error: text,
                  httpStatus: int32,
                  percentage: object({ value: double }),
                }),
                ['httpStatus', 'grpcStatus', 'http2Error'],
              ),
              delay: atMostOne(
                object({
                  exponentialDelay: duration,
                  fixedDelay: duration,
                  percent: int32,
                  percentage: object({ value: double }),
                }),
                ['fixedDelay', 'exponentialDelay'],
              ),
            }),
            headers: headerChanges,
            match: list(
              object({
                authority: stringMatch,
                gateways: list(text),
                headers: headerMatches,
                ignoreUriCase: flag,
                method: stringMatch,
                name: text,
                port: uint32,
                queryParams: headerMatches,
                scheme: stringMatch,
                sourceLabels: map(text),
                sourceNamespace: text,
                statPrefix: text,
                uri: stringMatch,
                withoutHeaders: headerMatches,
              }),
            ),
            mirror: destination,
            mirror_percent: nullable(uint32),
            mirrorPercent: nullable(uint32),
            mirrorPercentage: object({ value: double }),
            mirrors: list(
              object(
                { destination: destination, percentage: object({ value: double }) },
                { required: ['destination'] },
              ),
            ),
            name: text,
            redirect: atMostOne(
              object({
                authority: text,
                derivePort: choice('FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'),
                port: uint32,
                prefixRewrite: text,
                redirectCode: uint32,
                scheme: text,
                uri: text,
              }),
              ['port', 'derivePort'],
            ),
            retries: object({
              attempts: int32,
              backoff: duration,
              perTryTimeout: duration,
              retryIgnorePreviousHosts: nullable(flag),
              retryOn: text,
              retryRemoteLocalities: nullable(flag),
            }),
            rewrite: object({ authority: text, uri: text, uriRegexRewrite: object({ match: text, rewrite: text }) }),
            route: list(
              object(
                { destination: destination, headers: headerChanges, weight: int32 },
                { required: ['destination'] },
              ),
            ),
            timeout: duration,
          }),
        ),
      ),
      tcp: doc(
        'Routes for other TCP.',
        list(
          object({
            match: list(
              object({
                destinationSubnets: list(text),
                gateways: list(text),
                port: uint32,
                sourceLabels: map(text),
                sourceNamespace: text,
                sourceSubnet: text,
              }),
            ),
            route: weightedRoutes,
          }),
        ),
      ),
      tls: doc(
        'Routes for TLS that is passed through, by server name.',
        list(
          object(
            {
              match: list(
                object(
                  {
                    destinationSubnets: list(text),
                    gateways: list(text),
                    port: uint32,
                    sniHosts: list(text),
                    sourceLabels: map(text),
                    sourceNamespace: text,
                  },
                  { required: ['sniHosts'] },
                ),
              ),
              route: weightedRoutes,
            },
            { required: ['match'] },
          ),
        ),
      ),
    }),
  })
