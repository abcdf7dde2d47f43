import { write } from 'node:fs'

/** Takes whole lines and writes them to an open file, one write after the other; nobody waits for it. */
export type LineFile = {
  write(line: string): void
  /** Resolves once all is written or lost, or time is up; never rejects. */
  flush(): Promise<void>
}

/** Bytes held for a reader that has stopped reading; lines beyond them are lost. */
const mostHeld = 8 * 1024 * 1024
/** How long a full pipe is left alone, and a flush waits, milliseconds. */
const againAfterMs = 50
const flushWithinMs = 1000

/** A full disk, or a reader who has left, costs lines and nothing else: no error, no endless wait. */
export const openLineFile = (fd: number): LineFile => new Writer(fd)

class Writer implements LineFile {
  readonly #fd: number
  #held: string[] = []
  #heldLength = 0
  #isWriting = false
  #waiting: (() => void)[] = []

  constructor(fd: number) {
    this.#fd = fd
  }

  write(line: string): void {
    if (this.#heldLength + line.length > mostHeld) return
    this.#held.push(line)
    this.#heldLength += line.length
    if (!this.#isWriting) this.#next()
  }

  flush(): Promise<void> {
    if (!this.#isWriting) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, flushWithinMs)
      this.#waiting.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #next(): void {
    this.#isWriting = this.#held.length > 0
    if (!this.#isWriting) {
      for (const resolve of this.#waiting.splice(0)) resolve()
      return
    }
    const bytes = Buffer.from(this.#held.join(''))
    this.#held = []
    this.#heldLength = 0
    this.#write(bytes)
  }

  #write(bytes: Buffer): void {
    write(this.#fd, bytes, (error, written) => {
      if (error?.code === 'EAGAIN') setTimeout(() => this.#write(bytes), againAfterMs).unref()
      else if (error === null && written < bytes.length) this.#write(bytes.subarray(written))
      else this.#next()
    })
  }
}
