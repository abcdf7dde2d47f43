/** What the keys of vendors and services begin with, before a hyphen or an underscore. */
export const keyBeginnings =
  'sk|pk|rk|gsk|xai|hf|nvapi|pplx|tgp|fw|csk|r8|glpat|xox[abprs]|gh[pousr]'

/** A private key as files have it, also one that is cut off. */
export const privateKeyBlock =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]{0,8192}?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g

/** Access keys of Amazon. */
export const amazonKey = /\bA[KS]IA[A-Z0-9]{12,}/g
