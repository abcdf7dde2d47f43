import type { Request } from '../domain/request.ts'
import type { BreakerState, Hint, Label, TimeoutClassName } from '../policy/when.ts'
import { type ClassifierInput, countWords } from './classifier.ts'
import { holdsCode, holdsImage, lastUserText, systemText } from './spoken-text.ts'

/** What the request itself does not say, asked only when a rule wants it. */
export type Surroundings = {
  /** Milliseconds since 1970 UTC; undefined where the log has no times. */
  readonly at?: number | undefined
  /** The caller's own word for how hard it is. */
  readonly hint?: Hint | undefined
  /** Tokens of the last user message's text. */
  countTokens(text: string): number
  /** Tokens of the whole input; undefined when they cannot be known. */
  contextTokens(request: Request): number | undefined
  timeoutClass?(facts: RequestFacts): TimeoutClassName | undefined
  /** Requests with the same feature and system prompt in the minute up to this one, itself included. */
  burstPerMinute?(request: Request): number | undefined
  /** Undefined for a target that nobody knows. */
  target?(name: string): TargetState | undefined
  /** 'unasked' where the classifier is a model whose answer is not there yet; see `labelBy`. */
  label(classifier: string, facts: RequestFacts): Label | 'unasked'
}

/** What is known of a target at the moment of a request. Null: not known. */
export type TargetState = {
  readonly breaker: BreakerState
  readonly p95LatencyMs: number | null
  readonly inputUsdPerMillion: number | null
  readonly outputUsdPerMillion: number | null
}

/**
 * What rules may look at, found out when it is first asked for. Undefined is what the log does not
 * say: a log without text has neither a length nor tools.
 */
export class RequestFacts {
  readonly request: Request
  readonly #around: Surroundings
  #text: string | null | undefined
  #system: string | null | undefined
  #words: number | undefined
  #inputTokens: number | undefined
  #contextTokens: number | null | undefined
  #hasImages: boolean | undefined
  #burst: number | null | undefined
  #labels: Map<string, Label> | undefined
  #unasked: string | undefined

  constructor(request: Request, surroundings: Surroundings) {
    this.request = request
    this.#around = surroundings
  }

  get at(): number | undefined {
    return this.#around.at
  }

  get hint(): Hint | undefined {
    return this.#around.hint
  }

  /** The last user message; '' where nobody spoke. */
  get text(): string | undefined {
    if (this.#text === undefined) this.#text = lastUserText(this.request.prompt)
    return this.#text ?? undefined
  }

  get system(): string | undefined {
    if (this.#system === undefined) this.#system = systemText(this.request.prompt)
    return this.#system ?? undefined
  }

  /** UTF-16 code units, as a JavaScript string counts them. */
  get characters(): number | undefined {
    return this.text?.length
  }

  get words(): number | undefined {
    if (this.text !== undefined) this.#words ??= countWords(this.text)
    return this.#words
  }

  get inputTokens(): number | undefined {
    if (this.text !== undefined) this.#inputTokens ??= this.#around.countTokens(this.text)
    return this.#inputTokens
  }

  get contextTokens(): number | undefined {
    if (this.#contextTokens === undefined) {
      this.#contextTokens = this.#around.contextTokens(this.request) ?? null
    }
    return this.#contextTokens ?? undefined
  }

  get hasCode(): boolean | undefined {
    return this.text === undefined ? undefined : holdsCode(this.text)
  }

  get hasTools(): boolean | undefined {
    const { prompt } = this.request
    if (prompt === undefined) return undefined
    return Array.isArray(prompt.tools) && prompt.tools.length > 0
  }

  get hasImages(): boolean | undefined {
    const { prompt } = this.request
    if (prompt !== undefined)
      this.#hasImages ??= prompt.messages.some(({ content }) => holdsImage(content))
    return this.#hasImages
  }

  get timeoutClass(): TimeoutClassName | undefined {
    return this.#around.timeoutClass?.(this)
  }

  get burstPerMinute(): number | undefined {
    if (this.#burst === undefined) this.#burst = this.#around.burstPerMinute?.(this.request) ?? null
    return this.#burst ?? undefined
  }

  target(name: string): TargetState | undefined {
    return this.#around.target?.(name)
  }

  /** A classifier's word, or undefined where it must be asked first: see `unaskedClassifier`. */
  label(classifier: string): Label | undefined {
    const known = this.#labels?.get(classifier)
    if (known !== undefined) return known
    const label = this.#around.label(classifier, this)
    if (label !== 'unasked') {
      this.setLabel(classifier, label)
      return label
    }
    this.#unasked ??= classifier
    return undefined
  }

  /** What a classifier said when it was asked. */
  setLabel(classifier: string, label: Label): void {
    this.#labels ??= new Map()
    this.#labels.set(classifier, label)
    if (this.#unasked === classifier) this.#unasked = undefined
  }

  /** The first classifier that a rule wanted and whose label is not known: no rule after it is settled. */
  get unaskedClassifier(): string | undefined {
    return this.#unasked
  }

  /** The same as a classifier sees it; null where there is no text to judge. */
  classifierInput(): ClassifierInput | null {
    const { text, request } = this
    if (text === undefined) return null
    // Counting a long context is dear, and few classifiers look at it.
    const contextTokens = () => this.contextTokens
    return {
      text,
      get contextTokens() {
        return contextTokens()
      },
      hasTools: this.hasTools === true,
      hasImages: this.hasImages === true,
      hasCode: this.hasCode === true,
      requiresReasoning: request.requiresReasoning,
      task: request.task,
    }
  }
}
