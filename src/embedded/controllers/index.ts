/** The controllers of the simulated control plane. Each is a loop over watch events; all of them stop together. */
import type { Clock } from '../clock.ts'
import type { Registry } from '../registry.ts'

export interface ControllerParts {
  registry: Registry
  clock: Clock
}

/** A controller: starts, and gives the function that stops it. */
export type Controller = (parts: ControllerParts) => () => void

const controllers: Controller[] = []

/** Starts every controller; the function it gives stops them all and leaves no timer behind. */
export const startControllers = (parts: ControllerParts): (() => void) => {
  const stops = controllers.map((start) => start(parts))
  return () => stops.forEach((stop) => void stop())
}
