// Loaded into a measured Node process where there is no `time`: leaves its own resource usage in a file as it ends.
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
    const text = `${userCPUTime / 1e6} ${systemCPUTime / 1e6} ${maxRSS}\n`
    writeFileSync(process.env.BENCH_USAGE_FILE, text)
  })
}
