// The vectors of the texts in a file by a built-in embedder. Bundled before it is run.
// node embed-lines.mjs static|lexical FILE, one text a line
import { openLexicalEmbedder } from '../../src/embed/lexical-embedder.ts'
import { openStaticEmbedder } from '../../src/embed/static-embedder.ts'
import { readLines } from './floors/lines.mjs'

const [name, path] = process.argv.slice(2)
const { embedOne } = name === 'static' ? openStaticEmbedder() : openLexicalEmbedder()

let vectors = 0
for (const line of readLines(path)) if (embedOne(line) !== null) vectors += 1
process.stdout.write(`${vectors}\n`)
