import { isObject, parsedOf } from '../domain/json.ts'
import { UserError } from '../domain/user-error.ts'
import { computed, right, untold, wrong } from './computed.ts'
import type { Score, Scorer } from './scorer.ts'

/** Runs a program without a shell, `input` on its standard input. Throws a UserError where it cannot be started. */
export type RunProgram = (
  command: readonly string[],
  input: string,
  timeoutMs: number,
) => Promise<ProgramEnd>

export type ProgramEnd = {
  /** Null: it was killed, by the timeout or otherwise. */
  readonly exitCode: number | null
  readonly stdout: string
}

/** A program that scores one answer has no reason to take longer. */
const commandTimeoutMs = 60_000

/**
 * Asks a program: {"question", "answer", "expected"} as JSON on its standard input; on its output {"score", "reason"}
 * or a number of 0 to 1, true or false. Where it prints nothing, exit code 0 is right and 1 wrong. With any other exit
 * code, after the timeout, and with output that cannot be read it could not tell. Throws a UserError for a command line
 * without a program or with an open quotation.
 */
export function commandScorer(name: string, commandLine: string, run: RunProgram): Scorer {
  const command = wordsOf(commandLine)
  return {
    name,
    needsExpected: false,
    isEstimate: false,
    async score({ question, answer, expected }) {
      const input = JSON.stringify({ question, answer, expected })
      return scoreOf(await run(command, input, commandTimeoutMs))
    },
  }
}

function scoreOf({ exitCode, stdout }: ProgramEnd): Score {
  if (exitCode === null) return untold('the program was stopped before it ended')
  if (exitCode !== 0 && exitCode !== 1)
    return untold(`the program ended with exit code ${exitCode}`)
  const printed = stdout.trim()
  if (printed === '') return exitCode === 0 ? right : wrong('exit code 1')
  const [value, reason] = printedScore(printed)
  return value === null ? untold('the program printed no score of 0 to 1') : computed(value, reason)
}

function printedScore(printed: string): readonly [number | null, string | null] {
  const object = parsedOf(printed)
  if (!isObject(object)) return [shareOf(plainValue(printed)), null]
  const { score, reason } = object
  return [shareOf(score), typeof reason === 'string' ? reason : null]
}

/** A number, true or false, as JSON writes them. */
function plainValue(printed: string): unknown {
  try {
    return JSON.parse(printed)
  } catch {
    return undefined
  }
}

function shareOf(value: unknown): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : null
}

/** The words of a command line; single and double quotes hold one together, and nothing else is special. */
function wordsOf(commandLine: string): readonly string[] {
  const words = [...commandLine.matchAll(/(?:[^\s"']|"[^"]*"|'[^']*')+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single),
  )
  const rest = commandLine.replace(/"[^"]*"|'[^']*'/g, '')
  if (/["']/.test(rest)) {
    throw new UserError('a quotation of the command is not closed', {
      hint: `give it as 'command:python3 "my scorer.py" --strict'`,
    })
  }
  if (words.length === 0 || words[0] === '') {
    throw new UserError('the scorer "command" names no program', {
      hint: 'give it as command:./score.py, with its arguments after it',
    })
  }
  return words
}
