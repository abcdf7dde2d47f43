import { readFileSync } from 'node:fs'

/** Reads vitest's JSON report and prints "N passed, N failed". A file that could not even be loaded is one failure. */
const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const broken = report.testResults.filter(
  (file) =>
    file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
)
const failed = report.numFailedTests + broken.length
const { numPassedTests: passed, numPendingTests: skipped } = report

for (const file of broken) process.stdout.write(`could not run: ${file.name}\n`)
if (skipped > 0) process.stdout.write(`${skipped} skipped\n`)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
