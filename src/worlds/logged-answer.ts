import type { Json } from '../domain/json.ts'
import type { Answer } from '../domain/request.ts'
import { flag } from '../domain/row.ts'
import { bypassReasons, type History } from './history.ts'
import { answerOf } from './stored-request.ts'

const toolCall = bypassReasons.indexOf('tool-call')

/**
 * The answer that a log holds, looked up when somebody reads its text: few decisions need it. Null where the log has
 * none.
 */
export function loggedAnswer(history: History, place: number): Answer | null {
  if (history.answer[place] === -1) return null
  return new LazyAnswer(history, place) as unknown as Answer
}

/** True where a response cache answered: what it said is no answer of a model to this request. */
export const isOfCache = ({ columns }: Pick<History, 'columns'>, place: number): boolean =>
  ((columns.flags[place] as number) & flag.servedFromCache) !== 0

class LazyAnswer {
  readonly #history: History
  readonly #place: number
  #found: Answer | null | undefined

  constructor(history: History, place: number) {
    this.#history = history
    this.#place = place
  }

  get text(): string | undefined {
    return this.#answer()?.text
  }

  /** The history knows already which answers call tools. */
  get toolCalls(): readonly Json[] | undefined {
    const isLooked = this.#found !== undefined || this.#history.bypass[this.#place] === toolCall
    return isLooked ? this.#answer()?.toolCalls : undefined
  }

  get finishReason(): string | undefined {
    const { profiles, columns } = this.#history
    return profiles[columns.profile[this.#place] as number]?.finishReason ?? undefined
  }

  #answer(): Answer | null {
    if (this.#found === undefined) {
      const { lookup, seq } = this.#history
      this.#found = answerOf(lookup.answerOf(seq[this.#place] as number), null)
    }
    return this.#found
  }
}
