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
    let isWritable = true
    for (const frame of this.#frames.read(chunk)) isWritable = this.#take(frame) && isWritable
    return isWritable
  }

  /** `why`: what ended it, where it did not end by itself. */
  end(why: Fault | null): void {
    const last = this.#frames.end()
    if (last !== null) this.#take(last)
    if (this.#isOver) return
    for (const part of this.#parts.end())
      this.#add(part.kind === 'error' && why !== null ? { ...part, fault: why } : part)
  }

  #take(frame: Frame): boolean {
    // Behind an error nobody may see anything but the same said once more.
    if (this.#fault !== null)
      return this.#hasToldFault && tellsError(frame) ? this.#hand(frame.bytes) : true
    const parts = frame.event === null ? [] : this.#parts.read(frame.event)
    for (const part of parts) this.#add(part)
    if (this.#live === null) {
      this.kept.push(frame.bytes)
      return true
    }
    // An event that nobody can read tells the caller nothing.
    if (this.fault?.kind === 'malformed') return true
    const shown = this.#live.frame(frame, parts)
    if (shown === null) return true
    this.#hasToldFault = this.fault !== null && this.#hasBegun
    return this.#hand(shown)
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

  #hand(shown: Buffer | string): boolean {
    const live = this.#live
    if (live === null) return true
    if (!this.#hasContent) {
      this.#held.push(shown)
      return true
    }
    if (this.#hasBegun) return live.write(shown)
    this.#hasBegun = true
    this.#told.begin()
    const first = [...this.#held, shown].map(bytesOf)
    this.#held = []
    return live.write(Buffer.concat(first))
  }
}

/** Responses tell an error as their end and as an event. */
const tellsError = ({ event }: Frame): boolean =>
  event !== null && (event.event === 'error' || event.event === 'response.failed')

const bytesOf = (shown: Buffer | string): Buffer =>
  typeof shown === 'string' ? Buffer.from(shown) : shown
