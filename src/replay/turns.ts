/** Retries of one call have turns of their own, so far from those of other arms. */
export const turnsApart = 1_000
