import { Document, isMap, isScalar, type Pair, type YAMLMap } from 'yaml'
import * as z from 'zod'
import { namespace } from './file-caching.ts'
import { filePolicy } from './file-policy.ts'
import type { Policy } from './policy.ts'
import type { Path } from './problems.ts'
import { filedPolicy } from './resolve-policy.ts'

/** Where the JSON Schema of the file lies in the package. */
export const schemaPath = 'node_modules/llmcost/src/report/schema/policy.schema.json'

/** A comment above a key of the file. */
export type PolicyNote = { readonly path: Path; readonly text: string }

export type PolicyNotes = {
  /** Above everything: where the policy comes from. */
  readonly head?: readonly string[]
  readonly notes?: readonly PolicyNote[]
  /** YAML at the end, commented out: what one may want to switch on. */
  readonly offered?: string
}

/**
 * The policy as a file: only what differs from the defaults, and always the namespace, with a word on
 * its risk. Reading it gives the same policy.
 */
export function writePolicy(policy: Policy, { head = [], notes = [], offered }: PolicyNotes = {}) {
  const written = z.encode(filePolicy, filedPolicy(policy)) as Readonly<Record<string, unknown>>
  const document = new Document(withNamespace(written, policy), { aliasDuplicateObjects: false })
  for (const note of [...ownNotes, ...notes]) putNote(document, note)
  const lines = [`yaml-language-server: $schema=${schemaPath}`, ...head].map((line) => `# ${line}`)
  const body = document.toString({ lineWidth: 100, singleQuote: true })
  return `${lines.join('\n')}\n\n${body}${offered === undefined ? '' : `\n${commented(offered)}`}`
}

const ownNotes: readonly PolicyNote[] = [
  {
    path: ['cache', 'namespace'],
    text:
      'Who shares cached answers. `shared` gives any user what was answered to any other: right for\n' +
      'public questions only. `log` takes the namespace that requests carry, where they carry one;\n' +
      'serve wants another word than that before it shares similar answers.',
  },
]

/** First in `cache`, whatever it is. */
function withNamespace(written: Readonly<Record<string, unknown>>, policy: Policy): unknown {
  const form = z.encode(namespace, policy.cache.namespace)
  const cache = written['cache'] as Readonly<Record<string, unknown>> | undefined
  return { ...written, cache: { namespace: form, ...cache } }
}

function putNote(document: Document, { path, text }: PolicyNote): void {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1))
  const key = pairOf(parent, path.at(-1))?.key
  if (isScalar(key)) key.commentBefore = commentOf(text)
}

const pairOf = (map: unknown, key: string | number | undefined): Pair | undefined =>
  isMap(map)
    ? (map as YAMLMap).items.find((pair) => isScalar(pair.key) && pair.key.value === key)
    : undefined

const commentOf = (text: string): string =>
  text
    .split('\n')
    .map((line) => ` ${line}`)
    .join('\n')

const commented = (yaml: string): string =>
  `${yaml
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '#' : `# ${line}`))
    .join('\n')}\n`
