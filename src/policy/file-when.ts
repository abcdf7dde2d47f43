import * as z from 'zod'
import { optional, required, section } from './section.ts'
import {
  boolean,
  names,
  oneOf,
  oneOrMore,
  pattern,
  range,
  recordOf,
  text,
  timezone,
} from './values.ts'
import type { LabelCondition, TargetCondition, TimeCondition, When } from './when.ts'

export const labels = ['simple', 'medium', 'hard'] as const
export const timeoutClassNames = ['interactive', 'batch', 'passthrough'] as const

const label = section<LabelCondition>({
  classifier: required(text, 'A name of `classifiers`, or a preset.'),
  is: required(oneOrMore(oneOf(labels)), 'simple, medium, hard.'),
})

const clock = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as "09:00"')

const time = section<TimeCondition>({
  days: optional(
    oneOrMore(oneOf(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])),
    'Days of the week.',
  ),
  from: optional(clock, 'Begins at this time of day, "09:00".'),
  to: optional(clock, 'Ends before this time; may lie past midnight.'),
  timezone: required(timezone, 'Whose clock: UTC, Europe/Berlin.'),
})

const target = section<TargetCondition>({
  target: required(text, '`provider:model`, or a tier.'),
  breaker: optional(oneOrMore(oneOf(['closed', 'open', 'half-open'])), 'State of its breaker.'),
  p95LatencyMs: optional(range, 'Over the last five minutes.'),
  inputUsdPerMillion: optional(range, 'Price of its input, dollars per million tokens.'),
  outputUsdPerMillion: optional(range, 'Price of its output.'),
})

/** `when:` of rules and routes. */
export const when: z.ZodType<When> = section<When>({
  characters: optional(range, 'Length of the last user message, in UTF-16 code units.'),
  words: optional(range, 'Its words.'),
  inputTokens: optional(range, 'Its tokens.'),
  contextTokens: optional(range, 'Tokens of the whole input: system prompt, history, documents.'),
  keywords: optional(names, 'Whole words or phrases in the last user message, in any case.'),
  patterns: optional(oneOrMore(pattern), 'Regular expressions in the last user message.'),
  systemPatterns: optional(oneOrMore(pattern), 'Regular expressions in the system prompt.'),
  hasCode: optional(boolean, 'The last user message holds code.'),
  hasTools: optional(boolean, 'Tools are offered to the model.'),
  hasImages: optional(boolean, 'The prompt holds images.'),
  hasSession: optional(boolean, 'The request belongs to a session.'),
  streamed: optional(boolean, 'The answer is streamed.'),
  operation: optional(
    oneOrMore(oneOf(['chat', 'completion', 'embedding', 'other'])),
    'What the endpoint does; responses and messages are chat.',
  ),
  provider: optional(names, 'The provider asked for.'),
  model: optional(names, 'The model asked for.'),
  feature: optional(names, "The application's feature."),
  task: optional(names, "The caller's name for the kind of work."),
  plan: optional(names, "The customer's plan."),
  user: optional(names, 'The user.'),
  team: optional(names, 'The team.'),
  key: optional(names, 'Name of the API key.'),
  tenant: optional(names, "The request's namespace."),
  agentRole: optional(names, 'planner, worker, synthesizer …'),
  promptVersion: optional(names, 'Version of the prompt.'),
  documentVersion: optional(names, 'Version of the document.'),
  tags: optional(recordOf(names), 'Tags by name.'),
  diffLines: optional(range, 'Changed lines of the diff in question.'),
  paths: optional(names, 'Touched paths: `*` within a folder, `**` across folders.'),
  hint: optional(oneOrMore(oneOf(labels)), "The caller's own word: `x-llmcost-hint`."),
  requiresReasoning: optional(boolean, 'The caller says that it takes reasoning.'),
  label: optional(label, 'What a classifier says.'),
  timeoutClass: optional(oneOrMore(oneOf(timeoutClassNames)), 'How long it may take.'),
  burstPerMinute: optional(
    range,
    'Requests of the same feature and system prompt in the last minute.',
  ),
  time: optional(time, 'Time of the week.'),
  targets: optional(oneOrMore(target), 'Price, latency and breaker of targets; all must hold.'),
  any: optional(z.array(lazyWhen()).min(1), 'One of these conditions holds.'),
  not: optional(lazyWhen(), 'This condition does not hold.'),
}).meta({ id: 'when', description: 'Every key that is given must hold.' })

/** Conditions within a condition. */
function lazyWhen(): z.ZodType<When> {
  return z.lazy(() => when)
}
