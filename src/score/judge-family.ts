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

/** Beginnings of the names of a vendor's models. */
const families: readonly (readonly [RegExp, string])[] = [
  [/^(?:gpt|chatgpt|o\d|codex|davinci|babbage)/, 'gpt'],
  [/^claude/, 'claude'],
  [/^(?:gemini|gemma|palm)/, 'gemini'],
  [/^(?:meta-)?llama/, 'llama'],
  [/^(?:open-)?(?:mistral|mixtral|ministral|codestral|magistral|pixtral|devstral)/, 'mistral'],
  [/^deepseek/, 'deepseek'],
  [/^(?:qwen|qwq)/, 'qwen'],
  [/^grok/, 'grok'],
  [/^(?:command|c4ai|aya)/, 'command'],
  [/^(?:kimi|moonshot)/, 'kimi'],
  [/^glm/, 'glm'],
  [/^phi/, 'phi'],
  [/^(?:amazon-)?nova/, 'nova'],
]

/** Whose models a target ("provider:model", whoever sells it) is one of, by its name. */
export function familyMember(target: string): FamilyMember {
  const words = target.toLowerCase().split(/[:/.]/)
  const found = families.find(([name]) => words.some((word) => name.test(word)))
  return { target, family: found?.[1] ?? null }
}
