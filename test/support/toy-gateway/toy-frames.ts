/** One event of a stream in its own bytes, with the empty line that ends it. */
export type ToyFrame = {
  readonly bytes: Buffer
  /** Its bytes did not come in one piece. */
  readonly isCut: boolean
}

/** Cuts the chunks of a stream into its events. */
export function openToyFrames() {
  // One character a byte, so that no character is cut in two.
  let held = ''
  return {
    read(chunk: Buffer): readonly ToyFrame[] {
      const before = held.length
      const text = held + chunk.toString('latin1')
      const frames: ToyFrame[] = []
      let start = 0
      for (const { 0: mark, index } of text.matchAll(/(?:\r\n|\n){2}/g)) {
        const end = index + mark.length
        const isCut = start < before && before > 0
        frames.push({ bytes: Buffer.from(text.slice(start, end), 'latin1'), isCut })
        start = end
      }
      held = text.slice(start)
      return frames
    },
    /** What came after the last whole event. */
    rest: (): Buffer => Buffer.from(held, 'latin1'),
  }
}
