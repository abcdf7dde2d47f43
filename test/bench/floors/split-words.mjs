// What splitting texts into words costs alone: as little as any embedder of words can do.
// node split-words.mjs FILE, one text a line
import { readLines } from './lines.mjs'

let words = 0
for (const line of readLines(process.argv[2]))
  words += line.toLowerCase().match(/[a-z0-9]+|[^\sa-z0-9]/g)?.length ?? 0
process.stdout.write(`${words}\n`)
