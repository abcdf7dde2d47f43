import type { Terminal } from './terminal.ts'

export type Answered = 'right' | 'wrong' | 'unsettled'

/** What the loop asks about, by number. */
export type LabelLoop = {
  readonly count: number
  /** The question, as it is shown. */
  show(index: number): string
  /** Keeps an answer at once: whatever happens next, it is not lost. */
  answer(index: number, verdict: Answered): void
}

const verdictKeys: Readonly<Record<string, Answered>> = { y: 'right', n: 'wrong', s: 'unsettled' }
const words: Readonly<Record<Answered, string>> = {
  right: 'right',
  wrong: 'wrong',
  unsettled: 'cannot tell',
}
/** Ctrl-C and Ctrl-D are keys like any other where each key comes by itself. */
const quitKeys = new Set(['q', '\x03', '\x04'])

/** Asks about one after the other until all are answered, someone quits or the input ends. */
export async function askOneByOne(terminal: Terminal, loop: LabelLoop): Promise<void> {
  let index = 0
  terminal.stdout.write(loop.show(index))
  for await (const key of keysOf(terminal.stdin)) {
    const verdict = verdictKeys[key]
    if (quitKeys.has(key)) break
    if (verdict !== undefined) {
      loop.answer(index, verdict)
      terminal.stdout.write(`${words[verdict]}\n`)
      index++
    } else if (key === 'b' && index > 0) {
      terminal.stdout.write('back\n')
      index--
    } else continue
    if (index === loop.count) return
    terminal.stdout.write(loop.show(index))
  }
  terminal.stdout.write('\n')
}

type KeyInput = Terminal['stdin'] & { setRawMode?(on: boolean): unknown }

/** Single keys in small letters, without waiting for the end of a line where the terminal can. */
async function* keysOf(stdin: KeyInput): AsyncGenerator<string> {
  stdin.setRawMode?.(true)
  try {
    for await (const chunk of stdin) {
      const text = Buffer.from(chunk).toString('utf8')
      // Arrows and other keys that send several characters.
      if (!text.startsWith('\x1b')) yield* text.toLowerCase()
    }
  } finally {
    stdin.setRawMode?.(false)
  }
}
