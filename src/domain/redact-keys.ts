/** Keys of the well-known vendors, bearer tokens, JSON web tokens, private key blocks. */
const keyPatterns: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|glpat|xai|xox[abprs])[-_](?=[-_A-Za-z]*\d)[-_A-Za-z0-9]{16,}/g,
  /\b(?:gh[pousr]_[A-Za-z0-9]{20,}|A[KS]IA[A-Z0-9]{12,}|AIza[-_A-Za-z0-9]{30,})/g,
  /\bBearer\s+[-._~+/A-Za-z0-9]{16,}=*/g,
  /\beyJ[-_A-Za-z0-9]{8,}\.[-_A-Za-z0-9]{8,}\.[-_A-Za-z0-9]{8,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{0,8192}?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
]

/** Replaces keys by [KEY]: what is no prompt and no answer keeps none, whatever the settings. */
export function redactKeys(text: string): string {
  let result = text
  for (const pattern of keyPatterns) result = result.replace(pattern, '[KEY]')
  return result
}
