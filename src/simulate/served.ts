/** Who answered a request, as the number that a run keeps. Nobody answers what a budget refuses. */
export const served = { model: 0, exact: 1, semantic: 2, coalesced: 3, nobody: 4 } as const
