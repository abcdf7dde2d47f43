// Floor (a): what reading alone costs. Splits a file into lines and parses each, keeps nothing.
// node parse.mjs FILE
import { readLines } from './lines.mjs'

let rows = 0
for (const line of readLines(process.argv[2])) {
  if (JSON.parse(line) !== null) rows++
}
process.stdout.write(`${rows}\n`)
