import type { Answer } from '../domain/request.ts'

/** How answers are written and read by whoever gives and serves them. */
export type AnswerCodec = {
  /** Null: this one cannot be written. */
  encode(answer: Answer): string | null
  /** Throws where the text is no answer. */
  decode(text: string): Answer
}

/** An answer that several entries may hold: as it was given, or as the text it was kept in until it is first served. */
export class HeldAnswer {
  readonly #codec: AnswerCodec
  #answer: Answer | null
  #text: string | null
  /** About what it takes in memory. */
  readonly bytes: number

  constructor(codec: AnswerCodec, from: { readonly answer: Answer } | { readonly text: string }) {
    this.#codec = codec
    this.#answer = 'answer' in from ? from.answer : null
    this.#text = 'text' in from ? from.text : null
    this.bytes = (this.#text ?? this.written() ?? this.#answer?.text ?? '').length
  }

  /** Throws what its codec throws: an answer that cannot be read must not be served. */
  read(): Answer {
    if (this.#answer === null) {
      this.#answer = this.#codec.decode(this.#text ?? '')
      this.#text = null
    }
    return this.#answer
  }

  /** Null where it cannot be written. */
  written(): string | null {
    return this.#text ?? (this.#answer === null ? null : this.#codec.encode(this.#answer))
  }
}

/** Answers of late; a table of all that are held would stop everything whenever it grows. */
const answersOfLate = 1024

/** Holds an answer once, however many entries get it about the same time. */
export class HeldAnswers {
  readonly #codec: AnswerCodec
  #held = new WeakMap<Answer, HeldAnswer>()
  #heldBefore = new WeakMap<Answer, HeldAnswer>()
  #count = 0

  constructor(codec: AnswerCodec) {
    this.#codec = codec
  }

  hold(answer: Answer): HeldAnswer {
    const known = this.#held.get(answer) ?? this.#heldBefore.get(answer)
    if (known !== undefined) return known
    const held = new HeldAnswer(this.#codec, { answer })
    if (this.#count++ === answersOfLate) {
      this.#heldBefore = this.#held
      this.#held = new WeakMap()
      this.#count = 0
    }
    this.#held.set(answer, held)
    return held
  }
}
