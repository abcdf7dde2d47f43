/** Who answered a request, as the number that a run keeps. */
export const served = { model: 0, exact: 1, semantic: 2, coalesced: 3 } as const
