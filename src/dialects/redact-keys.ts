/** What looks like a key: of OpenAI and its likes, of Google, Amazon, Groq, xAI, Hugging Face, a private key, in a header or a URL. */
const keys = [
  /\b(?:sk|pk|rk|gsk|xai|hf|nvapi|pplx|tgp|fw|csk|r8)[-_][\w*.-]{6,}/gi,
  /\bAIza[\w*-]{10,}/g,
  /\bA[KS]IA[A-Z0-9]{12,}/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{0,8192}?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /\bBearer\s+[\w.~+/*=-]{6,}/gi,
  /\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]+)?/g,
  /((?:api[-_ ]?key|token|secret|authorization)["']?\s*[:=]\s*["']?)[\w.~+/*-]{8,}/gi,
]

/** A message in which keys, also those that a provider has shortened with asterisks, are replaced. */
export const redactKeys = (text: string): string =>
  keys.reduce(
    (shown, key) =>
      shown.replace(key, (_, label) => `${typeof label === 'string' ? label : ''}[key]`),
    text,
  )
