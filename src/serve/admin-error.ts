/** What whoever asks the admin port has to mend, or has to know. */
export class AdminError extends Error {
  readonly status: number
  readonly hint: string | null
  /** A file and line, where the mistake is in one. */
  readonly at: string | null
  /** The methods that a path takes, where it was asked with another one. */
  readonly allow: string | null

  constructor(
    status: number,
    message: string,
    hint: string | null,
    {
      at = null,
      allow = null,
    }: { readonly at?: string | null; readonly allow?: string | null } = {},
  ) {
    super(message)
    this.status = status
    this.hint = hint
    this.at = at
    this.allow = allow
  }
}
