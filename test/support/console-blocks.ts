/** A command of a ```console block and what the page shows of its output. */
export type ConsoleCommand = {
  /** The block's place: "README.md:41". */
  readonly at: string
  readonly command: string
  /** Null where the page shows no output. */
  readonly expected: string | null
}

/** One block: its commands run in order, in the same folder as the blocks before it. */
export type ConsoleBlock = { readonly at: string; readonly commands: readonly ConsoleCommand[] }

/** A line of this alone stands for any number of lines. */
export const gap = '…'

/** The ```console blocks of a Markdown page. */
export function consoleBlocks(markdown: string, page: string): readonly ConsoleBlock[] {
  const blocks: ConsoleBlock[] = []
  for (const match of markdown.matchAll(/^```console\n([\s\S]*?)^```$/gm)) {
    const line = markdown.slice(0, match.index).split('\n').length + 1
    const commands = commandsOf(match[1] ?? '', page, line)
    if (commands.length > 0) blocks.push({ at: `${page}:${line}`, commands })
  }
  return blocks
}

function commandsOf(block: string, page: string, firstLine: number): ConsoleCommand[] {
  const commands: { at: string; command: string; lines: string[] }[] = []
  for (const [index, line] of block.replace(/\n$/, '').split('\n').entries()) {
    const last = commands.at(-1)
    if (line.startsWith('$ ')) {
      commands.push({ at: `${page}:${firstLine + index}`, command: line.slice(2), lines: [] })
    } else if (last?.lines.length === 0 && last.command.endsWith('\\')) {
      last.command = `${last.command}\n${line}`
    } else last?.lines.push(line)
  }
  return commands.map(({ lines, ...rest }) => ({
    ...rest,
    expected: lines.length === 0 ? null : lines.join('\n'),
  }))
}

/** What a command leaves to run once installing and testing are left out; null when nothing is left. */
export function runnable(command: string): string | null {
  const steps = command.split('&&').map((step) => step.trim())
  const left = steps.filter((step) => !/^npm (?:ci|install|test)$/.test(step))
  return left.length === 0 ? null : left.join(' && ')
}

/** True when the output is as shown, gaps filled; white space at the ends of lines does not count. */
export function isAsShown(expected: string, actual: string): boolean {
  const lines = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => line.trimEnd())
  return fits(lines(expected), lines(actual))
}

function fits(shown: readonly string[], actual: readonly string[]): boolean {
  const pieces = split(shown)
  if (pieces.length === 1) return equal(shown, actual)
  const [first = [], ...rest] = pieces
  const last = rest.pop() ?? []
  if (actual.length < first.length + last.length) return false
  if (!equal(first, actual.slice(0, first.length))) return false
  const end = actual.length - last.length
  if (!equal(last, actual.slice(end))) return false
  let place = first.length
  for (const piece of rest) {
    while (place + piece.length <= end && !equal(piece, actual.slice(place, place + piece.length)))
      place++
    if (place + piece.length > end) return false
    place += piece.length
  }
  return true
}

/** Lines between gaps. */
function split(lines: readonly string[]): string[][] {
  const pieces: string[][] = [[]]
  for (const line of lines) {
    if (line.trim() === gap) pieces.push([])
    else pieces.at(-1)?.push(line)
  }
  return pieces
}

const equal = (left: readonly string[], right: readonly string[]): boolean =>
  left.length === right.length && left.every((line, index) => line === right[index])
