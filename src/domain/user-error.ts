/** A mistake the user can mend. Printed as "error: …" with its place and a hint, never with a stack. */
export class UserError extends Error {
  readonly hint: string | undefined
  readonly at: string | undefined

  constructor(message: string, options: { readonly hint?: string; readonly at?: string } = {}) {
    super(message)
    this.name = 'UserError'
    this.hint = options.hint
    this.at = options.at
  }
}
