/** What a judge said, by the last line of its reply; the lines before it are its reasons. */
export type JudgeReply<Said> = { readonly said: Said; readonly reasons: string | null }

/**
 * Reads a judge's reply. Only its last line speaks: a verdict before it may be one that the judge quotes. Null where
 * that line is none.
 */
export function readReply<Said>(
  reply: string,
  read: (lastLine: string) => Said | null,
): JudgeReply<Said> | null {
  const lines = reply.split(/\r?\n/).filter((line) => !isBlank(line))
  const said = read((lines.at(-1) ?? '').replace(emphasis, '').trim())
  return said === null ? null : { said, reasons: reasonsIn(lines.slice(0, -1)) }
}

/** Empty, or the fence of a code block. */
const isBlank = (line: string): boolean => /^\s*(?:`{3,}\w*)?\s*$/.test(line)

const emphasis = /[*_`]/g

function reasonsIn(lines: readonly string[]): string | null {
  const text = lines.join('\n').trim()
  return text === '' ? null : text.slice(0, longestReasons).toWellFormed()
}

/** Characters; reasons are read beside both answers. */
const longestReasons = 1000

export type VerdictWord = 'A' | 'B' | 'tie'

/** "VERDICT: A", also as "Verdict: Answer A."; null for anything else. */
export function pairWordIn(line: string): VerdictWord | null {
  const word =
    /^verdict\s*[:：]\s*(?:answer\s+)?\[*(a|b|tie|tied|draw|equal|same|both|neither)\b\]*[.!]?$/i
      .exec(line)?.[1]
      ?.toUpperCase()
  if (word === undefined) return null
  return word === 'A' || word === 'B' ? word : 'tie'
}

/** "SCORE: 0.7", from 0 to 1; null for anything else. */
export function gradeIn(line: string): number | null {
  const digits = /^score\s*[:：]\s*(\d+(?:\.\d+)?|\.\d+)(?:\s*\/\s*1)?\.?$/i.exec(line)?.[1]
  const grade = Number(digits ?? Number.NaN)
  return grade >= 0 && grade <= 1 ? grade : null
}
