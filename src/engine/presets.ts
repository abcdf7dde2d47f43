import {
  type Classifier,
  type ClassifierInput,
  type Decision,
  hasFewerWords,
} from './classifier.ts'
import { anyWord, inflected } from './preset-words.ts'
import { bySignals } from './signals-preset.ts'

export type PresetName = 'length' | 'signals' | 'keywords' | 'three-way'

/**
 * The routing presets that look at a request, each as a pure classifier. `length` and `keywords`
 * always decide; `signals` and `three-way` abstain (null) where the policy says "classifier, or
 * medium". Rules are tried in the order the policy lists them and the first match wins. Where a label
 * leads, and `cascade`, which looks at answers instead, say the routes of policy/route-presets.ts.
 */
export const presets: Readonly<Record<PresetName, Classifier>> = {
  length: byLength,
  signals: bySignals,
  keywords: byKeywords,
  'three-way': bySignals,
}

const lengthRules = {
  classify: { label: 'simple', by: 'length.classify' },
  short: { label: 'simple', by: 'length.short' },
  tools: { label: 'hard', by: 'length.tools' },
  reasoning: { label: 'hard', by: 'length.reasoning' },
  otherwise: { label: 'medium', by: 'length.otherwise' },
} as const satisfies Record<string, Decision>

const shortCharacters = 500
const classifyTask = /\bclassif(?:y|ication|ier)\b/i

/** Classification or under 500 characters → simple; tools or reasoning → hard; else medium. */
function byLength({ text, task, hasTools, requiresReasoning }: ClassifierInput): Decision {
  if (task !== undefined && classifyTask.test(task)) return lengthRules.classify
  if (text.length < shortCharacters) return lengthRules.short
  if (hasTools) return lengthRules.tools
  if (requiresReasoning === true) return lengthRules.reasoning
  return lengthRules.otherwise
}

const keywordRules = {
  short: { label: 'simple', by: 'keywords.short' },
  middleWord: { label: 'medium', by: 'keywords.middle-word' },
  context: { label: 'medium', by: 'keywords.context' },
  strongWord: { label: 'hard', by: 'keywords.strong-word' },
  otherwise: { label: 'medium', by: 'keywords.otherwise' },
} as const satisfies Record<string, Decision>

const fewWords = 50
const longContextTokens = 2000

const notCheapWord = anyWord(inflected.analyze, inflected.compare, inflected.design)
const middleWord = anyWord(
  inflected.analyze,
  inflected.compare,
  'evaluat(?:e[sd]?|ing|ions?)',
  'expla(?:in(?:s|ed|ing)?|nations?)',
  'multi[\\s-]?steps?',
)
const strongWord = anyWord(
  inflected.design,
  'architect(?:s|ed|ing|ure|ures|ural)?',
  inflected.strategy,
  'creat(?:e[sd]?|ing|ion)',
)

/**
 * Under 50 words without analyze, compare, design → simple; analyze, compare, evaluate, explain,
 * multi-step or a context over 2,000 tokens → medium; design, architect, strategy, create → hard;
 * else medium.
 */
function byKeywords({ text, contextTokens }: ClassifierInput): Decision {
  if (hasFewerWords(text, fewWords) && !notCheapWord.test(text)) return keywordRules.short
  if (middleWord.test(text)) return keywordRules.middleWord
  if (contextTokens !== undefined && contextTokens > longContextTokens) return keywordRules.context
  if (strongWord.test(text)) return keywordRules.strongWord
  return keywordRules.otherwise
}
