/**
 * The controllers of the simulated control plane. Each is a loop over watch events; all of them stop together.
 *
 * Not modelled: ReplicationController, PersistentVolume binding, Ingress.
 */
import { autoscalerController } from './autoscaler.ts'
import type { Controller, ControllerParts } from './controller.ts'
import { cronJobController } from './cronjob.ts'
import { daemonSetController } from './daemonset.ts'
import { deploymentController } from './deployment/index.ts'
import { disruptionController } from './disruption.ts'
import { endpointsController } from './endpoints/index.ts'
import { eventExpiry } from './event-expiry.ts'
import { garbageCollector } from './garbage-collector.ts'
import { jobController } from './job.ts'
import { namespaceController } from './namespace.ts'
import { nodeController } from './node.ts'
import { replicaSetController } from './replicaset.ts'
import { scheduler } from './scheduler.ts'
import { statefulSetController } from './statefulset.ts'

const controllers: Controller[] = [
  namespaceController,
  deploymentController,
  replicaSetController,
  statefulSetController,
  daemonSetController,
  jobController,
  cronJobController,
  autoscalerController,
  disruptionController,
  scheduler,
  endpointsController,
  garbageCollector,
  nodeController,
  eventExpiry,
]

/** Starts every controller; the function it gives stops them all and leaves no timer behind. */
export const startControllers = (parts: ControllerParts): (() => void) => {
  const stops = controllers.map((start) => start(parts))
  return () => {
    for (const stop of stops) stop()
  }
}
