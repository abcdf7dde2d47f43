export type LimitField = 'max_tokens' | 'max_completion_tokens'

/** Models that reject `max_tokens`: the o-series, GPT-5 and later, also fine-tuned or behind a vendor's prefix. */
const newModels = /^(?:ft:)?(?:o\d|gpt-(?:[5-9]|\d\d))/

/** The field for the largest output that a model surely knows: older servers have only `max_tokens`. */
export const limitFieldOf = (model: string): LimitField =>
  newModels.test(model.slice(model.lastIndexOf('/') + 1)) ? 'max_completion_tokens' : 'max_tokens'
