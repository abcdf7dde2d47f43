import type { Warning } from '../domain/report.ts'

/** A target, and whose models it is one of, such as "gpt" or "claude"; null where that is not known. */
export type FamilyMember = { readonly target: string; readonly family: string | null }

/** Warns of a judge that would judge answers of its own family, which judges prefer; null where it does not. */
export function sameFamilyWarning(
  judge: FamilyMember,
  judged: readonly FamilyMember[],
): Warning | null {
  const own = judged.filter(({ family }) => family !== null && family === judge.family)
  if (own.length === 0) return null
  const names = [...new Set(own.map(({ target }) => target))].join(', ')
  return {
    code: 'judge-of-same-family',
    message: `the judge ${judge.target} is of the same family as ${names}, and judges tend to prefer their own: choose one of another family`,
    count: own.length,
  }
}
