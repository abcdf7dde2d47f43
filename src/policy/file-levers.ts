import * as z from 'zod'
import { when } from './file-when.ts'
import {
  type Assertion,
  type AssertionLimit,
  assertionLevels,
  type Operator,
  operators,
} from './governance.ts'
import {
  type BatchRule,
  type Compression,
  type CompressStep,
  type OutputCap,
  promptParts,
  type SelfHosted,
  type Throughput,
} from './levers.ts'
import { defaulted, type Keys, optional, required, section } from './section.ts'
import {
  growth,
  listOf,
  milliseconds,
  number,
  oneOf,
  pattern,
  positive,
  recordOf,
  seconds,
  share,
  text,
  usd,
} from './values.ts'
import type { When } from './when.ts'

/** In the file a step of compression is one flat mapping. */
type Flat<Kind extends Compression['kind']> = {
  readonly name?: string
  readonly when: When
} & Extract<Compression, { readonly kind: Kind }>
export type FileCompressStep = Omit<CompressStep, 'name'> & { readonly name?: string }

const common = {
  name: optional(text, 'What its saving is counted under.'),
  when: defaulted(when, {}, 'Only these requests.'),
}

type OwnKeys<Kind extends Compression['kind']> = Omit<
  Keys<Extract<Compression, { readonly kind: Kind }>>,
  'kind'
>

function ofKind<Kind extends Compression['kind']>(kind: Kind, says: string, own: OwnKeys<Kind>) {
  const keys = { kind: required(z.literal(kind), says), ...common, ...own }
  return section(keys as unknown as Keys<Flat<Kind>>)
}

const compressions = [
  ofKind('drop-repeated', 'Instructions that stand twice are said once.', {}),
  ofKind('few-shot', 'Keeps the first examples.', {
    keep: required(positive, 'How many.'),
    pattern: required(pattern, 'What matches one example.'),
  }),
  ofKind('top-chunks', 'Keeps the first chunks of retrieved context.', {
    keep: required(positive, 'How many.'),
    separator: defaulted(text, '\n\n', 'What stands between chunks.'),
  }),
  ofKind('token-budget', 'Cuts parts to fit.', {
    tokens: required(positive, 'Tokens of the whole input.'),
    priorities: defaulted(listOf(oneOf(promptParts)), promptParts, 'The last is cut first.'),
  }),
  ofKind('references', 'Long quotations of earlier messages become references.', {
    minCharacters: defaulted(positive, 500, 'Only passages as long as this.'),
  }),
  ofKind('command', 'Text in, text out, by a command.', {
    command: required(z.array(text).min(1), 'Program and arguments.'),
    timeoutMs: defaulted(milliseconds, 10_000, 'It fails after this time.', { name: 'timeout' }),
  }),
]

const flat = z.discriminatedUnion('kind', compressions as never) as unknown as z.ZodType<
  Flat<Compression['kind']>
>

export const compressStep: z.ZodType<FileCompressStep> = z.codec(
  flat,
  z.custom<FileCompressStep>(),
  {
    decode: ({ name, when: condition, ...compression }) => ({
      ...(name !== undefined && { name }),
      when: condition,
      with: compression as Compression,
    }),
    encode: ({ with: compression, ...rest }) =>
      ({ ...rest, ...compression }) as Flat<Compression['kind']>,
  },
)

const day = 86_400

export type FileBatchRule = Omit<BatchRule, 'name'> & { readonly name?: string }

export const batchRule = section<FileBatchRule>({
  name: optional(text, 'What its requests are counted under.'),
  when: required(when, 'What may wait.'),
  maxWaitSeconds: defaulted(seconds, day, 'For how long.', { name: 'maxWait' }),
})

export type FileOutputCap = Omit<OutputCap, 'name'> & { readonly name?: string }

export const outputCap = section<FileOutputCap>({
  name: optional(text, 'What it is counted under.'),
  when: defaulted(when, {}, 'Only these requests.'),
  maxTokens: required(positive, 'The largest output asked for.'),
})

/** In the file throughput is one of two keys. */
type FileSelfHosted = Omit<SelfHosted, 'throughput'> & {
  readonly outputTokensPerSecond?: number
  readonly requestsPerSecond?: number
}

const flatSelfHosted = section<FileSelfHosted>({
  target: required(text, '`provider:model` as logs name it.'),
  gpuHourNanoUsd: required(usd, 'Dollars per GPU and hour.', { name: 'gpuHour' }),
  gpus: defaulted(positive, 1, 'How many.'),
  outputTokensPerSecond: optional(number.positive(), 'Of all GPUs together, as measured.'),
  requestsPerSecond: optional(number.positive(), 'Instead, where requests are alike.'),
  utilisationShare: required(share, 'Share of the time that is used.', { name: 'utilisation' }),
  operationsNanoUsdPerMonth: defaulted(usd, usd.parse(0), 'People and the rest, a month.', {
    name: 'operationsPerMonth',
  }),
})

export const selfHosted: z.ZodType<SelfHosted> = z.codec(flatSelfHosted, z.custom<SelfHosted>(), {
  decode({ outputTokensPerSecond, requestsPerSecond, ...rest }, context): SelfHosted {
    const throughput = throughputOf(outputTokensPerSecond, requestsPerSecond)
    if (throughput !== null) return { ...rest, throughput }
    context.issues.push({
      code: 'custom',
      input: rest,
      message: 'needs one throughput',
      params: { hint: 'give it `outputTokensPerSecond` or `requestsPerSecond`, as measured' },
    })
    return z.NEVER
  },
  encode({ throughput, ...rest }) {
    const { kind: _, ...measured } = throughput
    return { ...rest, ...measured }
  },
})

function throughputOf(
  outputTokensPerSecond: number | undefined,
  requestsPerSecond: number | undefined,
): Throughput | null {
  if (outputTokensPerSecond !== undefined && requestsPerSecond === undefined)
    return { kind: 'tokens', outputTokensPerSecond }
  if (requestsPerSecond !== undefined && outputTokensPerSecond === undefined)
    return { kind: 'requests', requestsPerSecond }
  return null
}

/** In the file an assertion is flat: `operator` and `value`, or one of the other two. */
type FlatAssertion = Omit<Assertion, 'limit' | 'name'> & {
  readonly name?: string
  readonly operator?: Operator
  readonly value?: number
  readonly maxIncrease?: number
  readonly maxDecrease?: number
  readonly maxIncreaseBy?: number
  readonly maxDecreaseBy?: number
}
export type FileAssertion = Omit<Assertion, 'name'> & { readonly name?: string }

const value: z.ZodType<number> = z.union([number, share])

const flatAssertion = section<FlatAssertion>({
  name: optional(text, 'What it is called in findings.'),
  metric: required(text, 'A path in a report: totals.costUsd, layers.exact.hitRate.'),
  where: defaulted(recordOf(text), {}, 'Only requests with these values.'),
  operator: optional(oneOf(operators), 'How the metric compares with `value`. Default: <=.'),
  value: optional(value, 'In the unit of the metric.'),
  maxIncrease: optional(growth, 'Over the baseline, as a share of it.'),
  maxDecrease: optional(share, 'Under the baseline, as a share of it.'),
  maxIncreaseBy: optional(value, 'Over the baseline, in the unit of the metric.'),
  maxDecreaseBy: optional(value, 'Under the baseline, in the unit of the metric.'),
  level: defaulted(oneOf(assertionLevels), 'error', 'error: exit code 1; off: not looked at.'),
})

export const assertion: z.ZodType<FileAssertion> = z.codec(
  flatAssertion,
  z.custom<FileAssertion>(),
  {
    decode(flat, context): FileAssertion {
      const { operator, value: bound, maxIncrease, maxDecrease, ...others } = flat
      const { maxIncreaseBy, maxDecreaseBy, ...rest } = others
      const limits: AssertionLimit[] = []
      if (bound !== undefined)
        limits.push({ kind: 'value', operator: operator ?? '<=', value: bound })
      if (maxIncrease !== undefined) limits.push({ kind: 'increase', maxShare: maxIncrease })
      if (maxDecrease !== undefined) limits.push({ kind: 'decrease', maxShare: maxDecrease })
      if (maxIncreaseBy !== undefined) limits.push({ kind: 'increase-by', max: maxIncreaseBy })
      if (maxDecreaseBy !== undefined) limits.push({ kind: 'decrease-by', max: maxDecreaseBy })
      const [limit] = limits
      if (limit !== undefined && limits.length === 1) return { ...rest, limit }
      context.issues.push({
        code: 'custom',
        input: rest,
        message: 'needs one limit',
        params: { hint: 'give it `value`, `maxIncrease` or `maxDecrease`' },
      })
      return z.NEVER
    },
    encode({ limit, ...rest }) {
      switch (limit.kind) {
        case 'value':
          return { ...rest, operator: limit.operator, value: limit.value }
        case 'increase':
          return { ...rest, maxIncrease: limit.maxShare }
        case 'decrease':
          return { ...rest, maxDecrease: limit.maxShare }
        case 'increase-by':
          return { ...rest, maxIncreaseBy: limit.max }
        case 'decrease-by':
          return { ...rest, maxDecreaseBy: limit.max }
      }
    },
  },
)
