import type { Terminal } from './terminal.ts'

/** What single keys answer, and the word that confirms it. */
export type LabelKeys<Answer> = Readonly<
  Record<string, { readonly answer: Answer; readonly word: string }>
>

/** What the loop asks about, by number. */
export type LabelLoop<Answer> = {
  readonly count: number
  /** Besides b for back and q for quit. */
  readonly keys: LabelKeys<Answer>
  /** The question, as it is shown. */
  show(index: number): string
  /** Keeps an answer at once: whatever happens next, it is not lost. */
  answer(index: number, answer: Answer): void
}

/** Ctrl-C and Ctrl-D are keys like any other where each key comes by itself. */
const quitKeys = new Set(['q', '\x03', '\x04'])

/** Asks about one after the other until all are answered, someone quits or the input ends. */
export async function askOneByOne<Answer>(
  terminal: Terminal,
  loop: LabelLoop<Answer>,
): Promise<void> {
  let index = 0
  terminal.stdout.write(loop.show(index))
  for await (const key of keysOf(terminal.stdin)) {
    const said = loop.keys[key]
    if (quitKeys.has(key)) break
    if (said !== undefined) {
      loop.answer(index, said.answer)
      terminal.stdout.write(`${said.word}\n`)
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
