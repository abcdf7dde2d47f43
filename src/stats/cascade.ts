/** What is known of a cascade of two models with a validator between them. Rates are 0–1. */
export type CascadeRates = {
  /** w: how often the weak model is right. */
  readonly weakRightRate: number
  /** g: how often the validator rejects a right answer. */
  readonly falseRejectRate: number
  /** f: how often it passes a wrong one. */
  readonly falsePassRate: number
}

/** Mean costs of one request, in any one unit; `strong` over the requests that escalate. */
export type CascadeCosts = {
  readonly weak: number
  readonly validator: number
  readonly strong: number
}

export type CascadeOutcome = {
  /** e = w·g + (1 − w)(1 − f). */
  readonly escalationRate: number
  /** Wrong answers of the weak model that pass, per request: (1 − w)·f. */
  readonly wrongPassedRate: number
  readonly costPerRequest: number
  /** The escalation rate at which the cascade costs what the strong model alone does. */
  readonly breakEvenRate: number
  readonly pays: boolean
}

/**
 * The arithmetic that a measured cascade is checked against: it pays if and only if
 * e < 1 − (c_weak + c_validator)/c_strong.
 */
export function cascadeOutcome(rates: CascadeRates, costs: CascadeCosts): CascadeOutcome {
  const { weakRightRate: w, falseRejectRate: g, falsePassRate: f } = rates
  const escalationRate = w * g + (1 - w) * (1 - f)
  const always = costs.weak + costs.validator
  const breakEvenRate = costs.strong > 0 ? 1 - always / costs.strong : -Infinity
  return {
    escalationRate,
    wrongPassedRate: (1 - w) * f,
    costPerRequest: always + escalationRate * costs.strong,
    breakEvenRate,
    pays: escalationRate < breakEvenRate,
  }
}
