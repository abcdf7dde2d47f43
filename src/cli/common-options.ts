import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Condition } from '../domain/selection.ts'
import { filterFields } from '../domain/selection.ts'
import { UserError } from '../domain/user-error.ts'
import type { ContentMode } from '../ingest/ports.ts'
import { didYouMean } from '../prices/did-you-mean.ts'
import type { PriceMode } from '../prices/price-mode.ts'

export type StoreFlags = {
  readonly db?: string
  readonly quiet?: boolean
  readonly verbose?: boolean
}

export type InputFlags = StoreFlags & {
  readonly inputFormat?: string
  readonly map?: Record<string, string>
  readonly mapFile?: string
  readonly set?: Record<string, string>
  readonly at?: string
  readonly atBase?: string
  readonly answerLabel?: string
  readonly content?: ContentMode
  readonly redact?: boolean
  readonly strict?: boolean
  readonly prices?: string[]
  readonly pricesAsOf?: string
  readonly priceMode?: PriceMode
}

export type FilterFlags = {
  readonly since?: string
  readonly until?: string
  readonly where?: Condition[]
  readonly tz?: string
}

export const addStoreOptions = (command: Command): Command =>
  command
    .option('--db <file>', 'the store (default .llmcost/llmcost.db, or LLMCOST_DB)')
    .option('-q, --quiet', 'nothing on stderr but errors')
    .option('-v, --verbose', 'say more about what was read and how')

export const addInputOptions = (command: Command): Command =>
  addPriceOptions(
    addStoreOptions(command)
      .option(
        '--input-format <name>',
        'read files as this format instead of telling it from their content',
      )
      .option(
        '--map <field=path>',
        'fill a field from a column or dotted path of unknown records',
        collectPair,
      )
      .option('--map-file <file>', 'a YAML file with `map:`, `set:` and `atBase:`')
      .option('--set <field=value>', 'fill a field with a constant', collectPair)
      .option('--at <time>', 'the time of records that have none')
      .option('--at-base <time>', 'what relative times (--map at=FIELD:ms) count from')
      .option(
        '--answer-label <field>',
        'a field, tag or dotted path of the records that classes the right answer: served answers are judged by it',
      )
      .addOption(
        new Option('--content <mode>', 'what of prompts and answers the store keeps').choices([
          'full',
          'hash',
          'none',
        ]),
      )
      .option(
        '--redact',
        'replace e-mail, phone, card, key and IP patterns in what is stored and shown',
      )
      .option('--strict', 'exit 2 when a record had to be rejected'),
  )

export const addPriceOptions = (command: Command): Command =>
  command
    .option(
      '--prices <file>',
      'a YAML or JSON file of price overrides and aliases (also LLMCOST_PRICES)',
      collect,
    )
    .option(
      '--prices-as-of <date>',
      "prices of that day for every request, instead of the request's own day",
    )
    .addOption(
      new Option('--price-mode <mode>', 'what counts as cost').choices([
        'computed',
        'logged',
        'auto',
      ]),
    )

export const addFilterOptions = (command: Command): Command =>
  command
    .option('--since <time>', 'only requests from this time on: ISO, or 7d, 24h before the newest')
    .option('--until <time>', 'only requests before this time')
    .option(
      '--where <field=value>',
      'only requests with this value; repeatable; tag:NAME for tags',
      collectCondition,
    )
    .option(
      '--tz <zone>',
      'time zone of days, weeks and months, and of --since and --until (default UTC)',
    )

export const collect = (value: string, previous: string[] | undefined): string[] => [
  ...(previous ?? []),
  value,
]

function collectPair(
  value: string,
  previous: Record<string, string> | undefined,
): Record<string, string> {
  const equals = value.indexOf('=')
  if (equals <= 0) throw new InvalidArgumentError('write it as FIELD=VALUE')
  return { ...previous, [value.slice(0, equals).trim()]: value.slice(equals + 1).trim() }
}

function collectCondition(value: string, previous: Condition[] | undefined): Condition[] {
  const equals = value.indexOf('=')
  if (equals <= 0) throw new InvalidArgumentError('write it as FIELD=VALUE')
  const field = value.slice(0, equals).trim()
  if (!field.startsWith('tag:') && !filterFields.includes(field))
    throw unknownField(field, filterFields)
  return [...(previous ?? []), { field, value: value.slice(equals + 1) }]
}

export function unknownField(field: string, known: readonly string[]): UserError {
  const near = didYouMean(field, known)
  return new UserError(`unknown field "${field}"`, {
    hint: near === null ? `fields: ${known.join(', ')}, tag:NAME` : `did you mean "${near}"?`,
  })
}

/** A time zone that this machine knows, "UTC" by default. */
export function zoneOf(tz: string | undefined): string {
  if (tz === undefined) return 'UTC'
  try {
    return new Intl.DateTimeFormat('en', { timeZone: tz }).resolvedOptions().timeZone
  } catch {
    throw new UserError(`unknown time zone "${tz}"`, {
      hint: 'use a name such as UTC, Europe/Berlin or America/New_York',
    })
  }
}
