import { expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.ts'
import { UserError } from '../../src/domain/user-error.ts'

const node = (script: string, input = '', timeoutMs = 30_000) =>
  runProgram([process.execPath, '-e', script], input, timeoutMs)

it('hands the input over, and the output and exit code back', async () => {
  const echo = 'process.stdin.pipe(process.stdout); process.exitCode = 3; console.error("no")'
  expect(await node(echo, 'größe\n'.repeat(50_000))).toEqual({
    exitCode: 3,
    stdout: 'größe\n'.repeat(50_000),
  })
  expect(await node('console.log(1)')).toEqual({ exitCode: 0, stdout: '1\n' })
})

it('does not mind a program that never reads its input', async () => {
  expect(await node('process.exit(1)', 'x'.repeat(5_000_000))).toEqual({ exitCode: 1, stdout: '' })
})

it('stops a program after its time, and one that prints without end', async () => {
  expect((await node('setInterval(() => {}, 1000)', '', 200)).exitCode).toBeNull()
  const endless = 'const on = () => process.stdout.write("x".repeat(65536), on); on()'
  expect((await node(endless)).exitCode).toBeNull()
})

it('says that there is no such program', async () => {
  const run = runProgram(['./no-such-program', '$(exit)'], '', 1000)
  await expect(run).rejects.toThrow(UserError)
  await expect(run).rejects.toThrow('./no-such-program cannot be started (ENOENT)')
})
