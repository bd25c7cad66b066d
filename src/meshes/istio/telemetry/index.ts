/** What Istio's sidecars write about an exchange that is over: access logs and metrics. See `Mesh.telemetry`. */
import type { MeshTelemetry } from '../../mesh.ts'
import type { IstioModel } from '../compile.ts'
import { once } from '../once.ts'
import { proxyContainer } from '../pods.ts'
import { attributesOf } from './attributes.ts'
import { formatLog } from './format.ts'
import { accessLogsOf } from './logs.ts'
import { metricsOf } from './metrics.ts'
import { recordsOf } from './records.ts'
import { samplesOf } from './samples.ts'
import { readTelemetries, type Telemetries, telemetryReads } from './settings.ts'
import { statsOf } from './stats.ts'

export const telemetry: MeshTelemetry<IstioModel, Telemetries> = {
  reads: telemetryReads,
  compile: readTelemetries,
  report: (model, settings, finished, requestId) =>
    recordsOf(model, finished, requestId).map((record) => {
      const samples = once(() => samplesOf(record, metricsOf(settings, record.pod, record.side)))
      const attributes = once(() => attributesOf(record))
      return {
        pod: record.pod,
        container: proxyContainer,
        lines: accessLogsOf(settings, record.pod, record.side).map((log) => ({
          text: formatLog(record, log),
          ...(log.filter === undefined ? {} : { when: log.filter }),
        })),
        get samples() {
          return samples()
        },
        stats: statsOf(record),
        get attributes() {
          return attributes()
        },
      }
    }),
}
