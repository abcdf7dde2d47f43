/** What a policy calls an embedder: one of these, which take no model, */
export const embeddersAlone: readonly string[] = ['static', 'lexical', 'logged']

/** or one of these before a colon and a model. */
export const embeddersOfModels: readonly string[] = ['openai', 'local']
