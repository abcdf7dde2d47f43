import type { Dialect, PartReader } from '../dialects/dialect.ts'
import { openPartFolder, type PartFolder } from '../dialects/fold-parts.ts'
import type { Fault } from '../domain/fault.ts'
import type { Part, Reply } from '../domain/reply.ts'
import type { LiveSend } from './attempt.ts'
import { type Frame, type FrameReader, openFrameReader } from './sse-frames.ts'

type Told = {
  /** The answer is about to be handed on. */
  readonly begin: () => void
  /** The first content is there. */
  readonly content: () => void
}

/**
 * A streamed answer under way: read for what it says and what it used, and handed on frame by frame. Nothing is handed
 * on before the first content, so that until then another model may still answer.
 */
export class StreamRun {
  readonly #frames: FrameReader = openFrameReader()
  readonly #parts: PartReader
  readonly #folder: PartFolder = openPartFolder()
  readonly #live: LiveSend | null
  readonly #told: Told
  #held: (Buffer | string)[] = []
  #hasContent = false
  #hasBegun = false
  #isOver = false
  #fault: Fault | null = null
  #hasToldFault = false
  /** Frames of an answer that nobody is shown yet. */
  readonly kept: Buffer[] = []

  constructor(dialect: Dialect, live: LiveSend | null, told: Told) {
    this.#parts = dialect.openPartReader()
    this.#live = live
    this.#told = told
  }

  get reply(): Reply | null {
    return this.#folder.folded().reply
  }

  get fault(): Fault | null {
    return this.#fault
  }

  /** Whether the caller was shown what went wrong, in the provider's own words. */
  get hasToldFault(): boolean {
    return this.#hasToldFault
  }

  /** False: the caller reads more slowly than this comes. */
  read(chunk: Buffer): boolean {
    for (const frame of this.#frames.read(chunk)) this.#take(frame)
    return this.#handOn()
  }

  /** `why`: what ended it, where it did not end by itself. */
  end(why: Fault | null): void {
    const last = this.#frames.end()
    if (last !== null) this.#take(last)
    this.#handOn()
    if (this.#isOver) return
    for (const part of this.#parts.end())
      this.#add(part.kind === 'error' && why !== null ? { ...part, fault: why } : part)
  }

  #take(frame: Frame): void {
    // Behind an error nobody may see anything but the same said once more.
    if (this.#fault !== null) {
      if (this.#hasToldFault && tellsError(frame)) this.#held.push(frame.bytes)
      return
    }
    const parts = frame.event === null ? [] : this.#parts.read(frame.event)
    for (const part of parts) this.#add(part)
    if (this.#live === null) {
      this.kept.push(frame.bytes)
      return
    }
    // An event that nobody can read tells the caller nothing.
    if (this.fault?.kind === 'malformed') return
    const shown = this.#live.frame(frame, parts)
    if (shown === null) return
    this.#hasToldFault = this.fault !== null && this.#hasBegun
    this.#held.push(shown)
  }

  #add(part: Part): void {
    this.#folder.add(part)
    if (part.kind === 'finish') this.#isOver = true
    if (part.kind === 'error') {
      this.#isOver = true
      this.#fault = part.fault
    } else if (part.kind !== 'start' && !this.#hasContent) {
      this.#hasContent = true
      this.#told.content()
    }
  }

  /** What came together goes on together. */
  #handOn(): boolean {
    const live = this.#live
    if (live === null || !this.#hasContent || this.#held.length === 0) return true
    if (!this.#hasBegun) {
      // An answer that begins with its fault is none yet: another model may still give one.
      if (this.#fault !== null) return true
      this.#hasBegun = true
      this.#told.begin()
    }
    const [only] = this.#held
    const bytes = this.#held.length === 1 && only !== undefined ? only : joined(this.#held)
    this.#held = []
    return live.write(bytes)
  }
}

const joined = (pieces: readonly (Buffer | string)[]): Buffer => Buffer.concat(pieces.map(bytesOf))

/** Responses tell an error as their end and as an event. */
const tellsError = ({ event }: Frame): boolean =>
  event !== null && (event.event === 'error' || event.event === 'response.failed')

const bytesOf = (shown: Buffer | string): Buffer =>
  typeof shown === 'string' ? Buffer.from(shown) : shown
