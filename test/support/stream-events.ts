import type { PartReader, StreamEvent } from '../../src/dialects/dialect.ts'
import type { Part } from '../../src/domain/reply.ts'

/** The events of a whole stream as a writer gives it: one line of data each, perhaps named. */
export const eventsOf = (stream: string): readonly StreamEvent[] =>
  stream
    .split('\n\n')
    .filter((block) => block !== '')
    .map((block) => {
      const lines = block.split('\n')
      const field = (name: string) =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
      return { event: field('event') ?? null, data: field('data') ?? '' }
    })

/** Everything that a reader makes of the events, its end too. */
export const partsOf = (reader: PartReader, events: readonly StreamEvent[]): readonly Part[] => [
  ...events.flatMap((event) => reader.read(event)),
  ...reader.end(),
]
