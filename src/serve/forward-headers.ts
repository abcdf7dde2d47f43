import { answerHeader, type KnownHeader, requestHeader } from './header-kinds.ts'

/** Names and values in turn, as they came: `rawHeaders` of `node:http`, and what undici takes. */
export type HeaderLines = readonly string[]

/** What no field of HTTP may hold, a line break (also a folded one) first of all. */
export const badValue = /[^\t\x20-\x7e\x80-\xff]/

export type Forwarding = {
  /** The header with the client's own key that goes on, in small letters; null: none, as the gateway has its own. */
  readonly credential: string | null
  /** What the gateway adds, its own key for instance. A header of the client by one of these names stays behind. */
  readonly added: HeaderLines
}

/**
 * The headers of a request as they go upstream: those of the client as they came and in their order, without what is
 * of this connection, made anew for the next (`host`, `content-length`, encodings) or meant for a gateway, and without
 * any key but the one that is named.
 */
export function forwardedHeaders(lines: HeaderLines, { credential, added }: Forwarding): string[] {
  return linesWith(lines, added, requestHeader, ({ name, kind }) => {
    if (kind === 'credential') return name === credential
    return kind === 'forward' || (kind === 'account' && credential !== null)
  })
}

/**
 * The headers of an upstream's answer as its client gets them: as they came, without what is of that connection, made
 * anew for this one (`content-length`), would set cookies or rules for the gateway's own address, or is ours to say;
 * with what the gateway adds, which takes the place of theirs.
 */
export const returnedHeaders = (lines: HeaderLines, added: HeaderLines): string[] =>
  linesWith(lines, added, answerHeader, ({ kind }) => kind === 'forward')

/** Those lines that go on, then those that are added. */
function linesWith(
  lines: HeaderLines,
  added: HeaderLines,
  headerOf: (spelling: string) => KnownHeader,
  goesOn: (header: KnownHeader) => boolean,
): string[] {
  const replaced = namesIn(added)
  const ofConnection = namedByConnection(lines, headerOf)
  const going: string[] = []
  for (let at = 0; at + 1 < lines.length; at += 2) {
    const spelling = lines[at] as string
    const value = lines[at + 1] as string
    const header = headerOf(spelling)
    const { name } = header
    if (!goesOn(header) || replaced.includes(name) || ofConnection?.has(name)) continue
    if (!badValue.test(value)) going.push(spelling, value)
  }
  for (const each of added) going.push(each)
  return going
}

function namesIn(lines: HeaderLines): readonly string[] {
  const names: string[] = []
  for (let at = 0; at < lines.length; at += 2) names.push((lines[at] as string).toLowerCase())
  return names
}

/** Headers that `Connection` says are of this connection; null for none, as nearly always. */
function namedByConnection(
  lines: HeaderLines,
  headerOf: (spelling: string) => KnownHeader,
): ReadonlySet<string> | null {
  let named: Set<string> | null = null
  for (let at = 0; at + 1 < lines.length; at += 2) {
    if (headerOf(lines[at] as string).kind !== 'connection') continue
    const value = lines[at + 1] as string
    if (value === 'keep-alive' || value === 'close') continue
    named ??= new Set()
    for (const name of value.toLowerCase().split(',')) named.add(name.trim())
  }
  return named
}
