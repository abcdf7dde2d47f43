import { partsOfReply } from '../dialects/fold-parts.ts'
import type { Call } from '../domain/call.ts'
import type { Json } from '../domain/json.ts'
import type { Provider, ProviderAnswer } from '../domain/provider.ts'
import {
  type CassetteKeys,
  openCassetteReader,
  openCassetteWriter,
  type Recording,
} from './cassette.ts'
import type { Scrub } from './keys.ts'
import { mapTexts, type RedactText, redactedAnswer } from './redact-answer.ts'

export type RecordOptions = {
  readonly file: string
  readonly keys: CassetteKeys
  /** What of an answer is kept. */
  readonly redact: RedactText
  /** Takes the keys out of all that is kept. */
  readonly scrub: Scrub
  /** Keeps the prompts too, whole but for keys. */
  readonly keepCalls?: boolean
}

/** Asks a provider and appends what it answers to a cassette. What the caller cancelled is no answer and not kept. */
export function recordProvider(
  provider: Provider,
  { file, keys, redact, scrub, keepCalls = false }: RecordOptions,
): Provider & { close(): void } {
  const writer = openCassetteWriter(file)
  return {
    name: provider.name,
    async ask(call, options) {
      const answer = await provider.ask(call, options)
      const isCancelled = answer.kind === 'failed' && answer.fault.kind === 'cancelled'
      if (isCancelled) return answer
      const recording: Recording = {
        target: targetOf(provider.name, call),
        key: keys.keyOf(call),
        turn: options.turn ?? 0,
        callHash: keys.hashOf(JSON.stringify(call)),
        answer: redactedAnswer(answer, redact),
        ...(keepCalls && { call }),
      }
      writer.append(mapTexts(recording as unknown as Json, scrub) as unknown as Recording)
      return answer
    },
    close: writer.close,
  }
}

export type ReplayOptions = {
  /** Of the provider that was recorded. */
  readonly name: string
  readonly file: string
  readonly keys: Pick<CassetteKeys, 'keyOf'>
}

/**
 * Answers from a cassette, for ever the same and at once, whatever latency it says. What was never recorded is a failed
 * answer "not-found". Throws a UserError where the file cannot be read or is no cassette.
 */
export function openRecordedProvider({
  name,
  file,
  keys,
}: ReplayOptions): Provider & { close(): void } {
  const cassette = openCassetteReader(file)
  return {
    name,
    async ask(call, { turn = 0, onPart, signal }) {
      if (signal?.aborted) return failed('cancelled', 'cancelled by the caller')
      const target = targetOf(name, call)
      const answer = cassette.find({ target, key: keys.keyOf(call), turn })
      if (answer === null) return failed('not-found', missing(target, turn))
      if (call.streamed && onPart !== undefined) tellParts(answer, onPart)
      return answer
    },
    close: cassette.close,
  }
}

const targetOf = (name: string, { model }: Call): string => `${name}:${model}`

const missing = (target: string, turn: number): string =>
  `the cassette has no answer of ${target} to this request${turn === 0 ? '' : ` in turn ${turn}`}: record it first, with the provider itself`

const failed = (kind: 'cancelled' | 'not-found', message: string): ProviderAnswer => ({
  kind: 'failed',
  fault: { kind, message, status: null, retryAfterMs: null },
  partial: null,
  latencyMs: 0,
  firstTokenMs: null,
})

type OnPart = (part: ReturnType<typeof partsOfReply>[number]) => void

function tellParts(answer: ProviderAnswer, onPart: OnPart): void {
  const reply = answer.kind === 'answered' ? answer.reply : answer.partial
  const parts = reply === null ? [] : partsOfReply(reply)
  for (const part of parts) if (answer.kind === 'answered' || part.kind !== 'finish') onPart(part)
  if (answer.kind === 'failed')
    onPart({ kind: 'error', fault: answer.fault, usage: reply?.usage ?? null })
}
