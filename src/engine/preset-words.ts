/** A pattern for any of these words, whole and in any case: "plane" is no "plan". */
export function anyWord(...patterns: readonly string[]): RegExp {
  return new RegExp(`\\b(?:${patterns.join('|')})\\b`, 'i')
}

/** Words the presets share, with their inflections and British spellings. */
export const inflected = {
  analyze: 'analy(?:[sz]e[sd]?|[sz]ing|sis)',
  compare: 'compar(?:e[sd]?|ing|isons?)',
  design: 'design(?:s|ed|ing)?',
  strategy: 'strateg(?:y|ies|ic)',
} as const
