/** The Istio release that the engine stands for: image tags, and which behaviour counts as the present one. */
export const istioVersion = '1.30.0'
