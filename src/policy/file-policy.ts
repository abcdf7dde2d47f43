import type * as z from 'zod'
import { cache, type FileCache, prefix } from './file-caching.ts'
import {
  alerts,
  budget,
  type FileBudget,
  failure,
  loopGuard,
  privacy,
  timeouts,
} from './file-governance.ts'
import {
  assertion,
  batchRule,
  compressStep,
  type FileAssertion,
  type FileBatchRule,
  type FileCompressStep,
  type FileOutputCap,
  outputCap,
  selfHosted,
} from './file-levers.ts'
import {
  classifier,
  type FileRoute,
  type FileRung,
  ladders,
  route,
  speculative,
  tiers,
} from './file-routing.ts'
import { serve } from './file-serving.ts'
import { type FileValidator, validator } from './file-validators.ts'
import { noDataWords } from './governance.ts'
import type { CheckPolicy, Policy } from './policy.ts'
import { stickyWords } from './routing.ts'
import { defaulted, section } from './section.ts'
import {
  boolean,
  listOf,
  nullable,
  oneOf,
  onOff,
  recordOf,
  text,
  timezone,
  unread,
  usd,
} from './values.ts'

/** A policy as its file holds it: names not yet looked up, presets not yet spelt out. */
export type FilePolicy = Omit<
  Policy,
  'cache' | 'routes' | 'budgets' | 'compress' | 'batch' | 'outputCaps' | 'check'
> & {
  readonly cache: FileCache
  readonly validators: Readonly<Record<string, FileValidator>>
  readonly ladders: Readonly<Record<string, readonly FileRung[]>>
  readonly routes: readonly FileRoute[]
  readonly budgets: readonly FileBudget[]
  readonly compress: readonly FileCompressStep[]
  readonly batch: readonly FileBatchRule[]
  readonly outputCaps: readonly FileOutputCap[]
  readonly check: FileCheck
}

type FileCheck = Omit<CheckPolicy, 'assertions'> & { readonly assertions: readonly FileAssertion[] }

const check = section<FileCheck>({
  assertions: defaulted(listOf(assertion), [], 'What must hold, or `llmcost check` fails.'),
  noData: defaulted(oneOf(noDataWords), 'fail', 'When a figure is unknown; fail: exit code 2.'),
  exact: defaulted(boolean, false, 'Runs are recorded or mocked: no difference is noise.'),
})

/** Every key of the file at the top, with its default. */
export const filePolicy: z.ZodType<FilePolicy> = section<FilePolicy>({
  cache: defaulted(cache, cache.parse({}), 'Answers that are given again.'),
  coalesce: defaulted(onOff, true, 'Identical requests in flight share one call.'),
  prefix: defaulted(prefix, prefix.parse({}), "The provider's prompt cache."),
  tiers: defaulted(tiers, tiers.parse({}), 'The models that small, medium and large stand for.'),
  classifiers: defaulted(recordOf(classifier), {}, 'What says simple, medium or hard, by name.'),
  validators: defaulted(recordOf(validator), {}, 'Judges of one answer, by name.'),
  ladders: defaulted(ladders, {}, 'Targets from cheap to strong, by name.'),
  routes: defaulted(listOf(route), [], 'The first whose condition holds decides who is asked.'),
  sticky: defaulted(
    oneOf(stickyWords),
    'none',
    'Requests of one session or trace stay where the first went.',
  ),
  speculative: defaulted(
    speculative,
    { kind: 'off' },
    'The first two rungs at once: on, or { within: 200ms }.',
  ),
  failure: defaulted(failure, failure.parse({}), 'What happens when a target fails.'),
  timeouts: defaulted(timeouts, timeouts.parse({}), 'How long a request may take, by class.'),
  budgets: defaulted(listOf(budget), [], 'Limits of spend.'),
  loopGuard: defaulted(loopGuard, loopGuard.parse({}), 'Stops a trace that calls without end.'),
  alerts: defaulted(alerts, alerts.parse({}), 'What is worth a word.'),
  privacy: defaulted(privacy, privacy.parse({}), 'What is kept of prompts and answers.'),
  compress: defaulted(listOf(compressStep), [], 'Ways to shorten prompts, in order.'),
  batch: defaulted(listOf(batchRule), [], "What may wait for a provider's batch service."),
  outputCaps: defaulted(listOf(outputCap), [], 'Largest outputs; the first that holds decides.', {
    name: 'outputCap',
  }),
  selfHosted: defaulted(listOf(selfHosted), [], "Models on one's own machines, by the hour."),
  prices: defaulted(listOf(unread), [], 'Prices that you know better, as in a prices file.'),
  check: defaulted(check, check.parse({}), 'Assertions of `llmcost check`.'),
  serve: defaulted(serve, serve.parse({}), 'How the gateway runs.'),
  planPricesNanoUsd: defaulted(recordOf(usd), {}, 'What a customer pays a month, by plan.', {
    name: 'planPrices',
  }),
  userLimitNanoUsd: defaulted(nullable(usd), null, 'Alert on users who cost more a month.', {
    name: 'userLimit',
  }),
  evidence: defaulted(listOf(text), [], 'Files with scores or replays of models.'),
  timezone: defaulted(timezone, 'UTC', 'Of days, weeks and months.'),
})
