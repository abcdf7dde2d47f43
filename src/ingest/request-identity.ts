import type { Request } from '../domain/request.ts'
import { totalTokens } from '../domain/usage.ts'

/** Where a record stands in its file: line from 1, byte offset in the decompressed file. */
export type Place = { readonly line: number; readonly byteOffset: number }

/** Ids that providers make are unique everywhere and link two logs of one call. */
const providerResponseId = /^(?:chatcmpl-|cmpl-|resp_|msg_|gen-)/

/** What makes two rows the same request: the provider's response id, else the log's own id, else the place in the file. */
export function identityOf(
  request: Request,
  place: Place,
  options: { readonly format: string; readonly fileKey: string },
): string {
  const { responseId, id } = request
  if (
    responseId !== undefined &&
    request.servedFromCache !== true &&
    providerResponseId.test(responseId)
  ) {
    return `response ${responseId}`
  }
  if (id !== undefined) return `${options.format} ${id}`
  return `place ${options.fileKey} ${place.byteOffset}`
}

/** Whether a row counts in place of one before it: as the later revision where both have one, else with more tokens. */
export function replaces(row: Request, before: Request): boolean {
  const { revision } = row
  if (revision !== undefined && before.revision !== undefined && revision !== before.revision)
    return revision > before.revision
  return tokensOf(row) >= tokensOf(before)
}

const tokensOf = ({ usage }: Request): number => (usage === undefined ? 0 : totalTokens(usage))
