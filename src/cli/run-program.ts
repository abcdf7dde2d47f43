import { spawn } from 'node:child_process'
import { UserError } from '../domain/user-error.ts'
import { compileRewrite, type RewriteRequest } from '../engine/rewrite-request.ts'
import type { Policy } from '../policy/policy.ts'
import { estimateTokens } from '../prices/count-tokens.ts'

export type ProgramResult = { readonly code: number | null; readonly output: string }

/** What a program may print, bytes: more than any answer, less than the memory. */
const mostOutputBytes = 16 * 2 ** 20

/**
 * Runs a program that the user named, without a shell, with `input` on its standard input. Code null: it took too long,
 * or printed too much, and was killed. Throws a UserError where it cannot be started.
 */
export function runProgram(
  command: readonly string[],
  input: string,
  timeoutMs: number,
): Promise<ProgramResult> {
  const [program = '', ...rest] = command
  return new Promise((resolve, reject) => {
    const child = spawn(program, rest, {
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    const chunks: Buffer[] = []
    let bytes = 0
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > mostOutputBytes) child.kill('SIGKILL')
      else chunks.push(chunk)
    })
    child.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        new UserError(`${program} cannot be run (${error.code})`, {
          hint: 'name a program that is on the PATH, or its whole path',
        }),
      ),
    )
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8') }))
    // A program that reads nothing closes its end: that is no failure.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** A policy's rewriting of requests, its programs run on this machine. One that fails is a UserError: it must not go unseen. */
export const rewriteOf = (policy: Policy): RewriteRequest =>
  compileRewrite(policy, {
    countTokens: estimateTokens,
    async runCommand(command, text, timeoutMs) {
      const { code, output } = await runProgram(command, text, timeoutMs)
      if (code === 0) return output
      throw new UserError(`${command[0]} did not shorten a prompt (${codeWords(code)})`, {
        hint: 'it gets the text on its standard input and prints the shorter one',
      })
    },
  })

const codeWords = (code: number | null): string =>
  code === null ? 'it took too long, or printed too much' : `exit code ${code}`
