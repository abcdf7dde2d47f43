import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type ParsedNode,
  parseDocument,
} from 'yaml'
import type { Finding, Path } from './problems.ts'

/** A YAML text as a value, and the way back from a place in the value to a line of the text. */
export type YamlFile = {
  readonly value: unknown
  lineOf(path: Path): number | null
  /** What makes it no YAML; the value is then not to be used. */
  readonly errors: readonly (Finding & { readonly line: number | null })[]
}

/** Reads a file that people write by hand: every error of its syntax, and never half a document. */
export function readYamlFile(text: string): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const errors = document.errors.map((error) => ({
    path: [],
    message: `is not valid YAML: ${error.message.split('\n')[0]}`,
    hint: 'check the indentation and quotes near that line',
    line: lines.linePos(error.pos[0]).line,
  }))
  if (errors.length > 0) return { value: null, lineOf: () => null, errors }
  const lineOf = (path: Path): number | null => {
    const offset = offsetOf(document, path)
    return offset === null ? null : lines.linePos(offset).line
  }
  try {
    const value: unknown = document.toJS()
    // A mapping that holds itself, by an alias, throws here and would never end elsewhere.
    JSON.stringify(value)
    return { value, lineOf, errors: [] }
  } catch (error) {
    const message = `cannot be read: ${(error as Error).message.split('\n')[0]}`
    return { value: null, lineOf, errors: [{ path: [], message, hint: null, line: null }] }
  }
}

/** Where the deepest part of a path that exists begins. */
function offsetOf(document: Document.Parsed, path: Path): number | null {
  let node: unknown = document.contents
  let offset = document.contents?.range[0] ?? null
  for (const part of path) {
    const next = stepInto(isAlias(node) ? node.resolve(document) : node, part)
    if (next === null) return offset
    offset = next.offset
    node = next.node
  }
  return offset
}

function stepInto(
  node: unknown,
  part: string | number,
): { readonly node: unknown; readonly offset: number } | null {
  if (isSeq<ParsedNode>(node)) {
    const item = node.items[Number(part)]
    return item === undefined ? null : { node: item, offset: item.range[0] }
  }
  if (!isMap<ParsedNode, ParsedNode>(node)) return null
  const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
  return pair === undefined ? null : { node: pair.value, offset: pair.key.range[0] }
}
