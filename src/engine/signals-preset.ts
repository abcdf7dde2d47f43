import type { Classifier, ClassifierInput, Decision } from './classifier.ts'
import { anyWord, inflected } from './preset-words.ts'

/**
 * The `signals` preset: decides only what a few words give away, and abstains otherwise.
 *
 * Under 60 characters and a slash command, an acknowledgement or a factoid question → simple. A
 * word that asks for work (step by step, plan, strategy, design, architecture, compare and
 * contrast, analyze, tradeoffs, implications, write code, implement, refactor, debug) or over 1,500
 * characters → hard. Words match whole, in any case, with their inflections and British spellings.
 * A question with one of those words in it asks for no fact, so it is not a factoid.
 */
export const bySignals: Classifier = ({ text }: ClassifierInput): Decision | null => {
  if (text.length > longCharacters) return long
  const trimmed = text.trim()
  if (trimmed.length > 0 && trimmed.length < shortCharacters) {
    if (slashCommand.test(trimmed)) return command
    if (acknowledgements.test(trimmed)) return acknowledgement
    if (isFactoid(trimmed)) return factoid
  }
  return workWord.test(text) ? work : null
}

/** Characters are UTF-16 code units, as a JavaScript string counts them. */
const shortCharacters = 60
const longCharacters = 1500

const command: Decision = { label: 'simple', by: 'signals.slash-command' }
const acknowledgement: Decision = { label: 'simple', by: 'signals.acknowledgement' }
const factoid: Decision = { label: 'simple', by: 'signals.factoid' }
const work: Decision = { label: 'hard', by: 'signals.work-word' }
const long: Decision = { label: 'hard', by: 'signals.long' }

/** "/clear", "/model gpt-4o"; not a path such as "/etc/hosts". */
const slashCommand = /^\/[a-z][\w:.-]*(?:\s|$)/i

const acknowledgementWords = [
  'ok|okay|k|kk|yes|yeah|yep|yup|no|nope|sure|thanks|thank you|thx|ty|cheers|got it|i see|done|lgtm',
  'great|good|nice|cool|perfect|awesome|excellent|fine|right|correct|exactly|agreed|makes sense',
  'sounds good|looks good|go ahead|go on|continue|proceed|please|do it|that works|no problem|np',
  'never ?mind|hi|hello|hey|bye|goodbye|good (?:morning|evening|night)|so much|very much|a lot',
  "for (?:that|this|the help|your help)|that's (?:it|all|right|fine)",
].join('|')

/** Nothing but acknowledgements: "ok, thanks a lot!". Only met on texts under 60 characters. */
const acknowledgements = new RegExp(
  `^(?:${acknowledgementWords})(?:[\\s,.!;]+(?:${acknowledgementWords}))*[\\s,.!…👍🙏😊]*$`,
  'iu',
)

const questionWord = '(?:what|who|when|where|which)'
const factOpenings = [
  `${questionWord}['’]?s\\b`,
  `${questionWord}\\s+(?:is|are|was|were|did|does|do)\\b`,
  'who\\s+(?:\\w+ed|won|wrote|made|built|sang|said|plays|played|owns)\\b',
  '(?:what|which)\\s+(?:time|day|date|year|month|country|city|state|language|colou?r)\\b',
  '(?:what|which)\\s+(?:currency|number|size|version|planet|president|company|team)\\b',
  'whose\\b',
  'how\\s+(?:many|much|old|tall|far|long|big|deep|high|heavy|fast|often|late|large|hot|cold)\\b',
].join('|')

/** A question for a who, what, when, where or how many, with or without its question mark. */
const factQuestion = new RegExp(
  `^(?:(?:hey|hi|ok|so|and|but|please|also)[\\s,]+)?(?:${factOpenings})`,
  'i',
)

/** "Is Paris in France?": a yes or no question, which needs its question mark. */
const yesNoQuestion = /^(?:is|are|was|were|does|did|has)\s[^?]+\?$/i

/** Asks for a judgement or a method, not for a fact. */
const judgement = anyWord(
  'best|better|worst|should|would|could|recommend|suggest|opinion|think|feel|differences?',
  'pros and cons|meaning|purpose|way to|explain|why|how to|how do|how does',
)

const isFactoid = (text: string): boolean =>
  (factQuestion.test(text) || yesNoQuestion.test(text)) &&
  !judgement.test(text) &&
  !workWord.test(text)

const workWord = anyWord(
  'step[\\s-]by[\\s-]step',
  'plan(?:s|ned|ning)?',
  inflected.strategy,
  inflected.design,
  'architect(?:ure|ures|ural)',
  'compare and contrast',
  inflected.analyze,
  'trade-?offs?|implications?',
  'writ(?:e|ing)\\s(?:\\w{1,20}\\s){0,3}code',
  'implement(?:s|ed|ing|ation|ations)?',
  'refactor(?:s|ed|ing)?',
  'debug(?:s|ged|ging)?',
)
