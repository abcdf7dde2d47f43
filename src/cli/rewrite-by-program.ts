import { UserError } from '../domain/user-error.ts'
import { compileRewrite, type RewriteRequest } from '../engine/rewrite-request.ts'
import type { Policy } from '../policy/policy.ts'
import { estimateTokens } from '../prices/count-tokens.ts'
import { runProgram } from './run-program.ts'

/** A policy's rewriting of requests, its programs run on this machine. One that fails is a UserError: it must not go unseen. */
export const rewriteOf = (policy: Policy): RewriteRequest =>
  compileRewrite(policy, {
    countTokens: estimateTokens,
    async runCommand(command, text, timeoutMs) {
      const { exitCode, stdout } = await runProgram(command, text, timeoutMs)
      if (exitCode === 0) return stdout
      throw new UserError(`${command[0]} did not shorten a prompt (${codeWords(exitCode)})`, {
        hint: 'it gets the text on its standard input and prints the shorter one',
      })
    },
  })

const codeWords = (code: number | null): string =>
  code === null ? 'it took too long, or printed too much' : `exit code ${code}`
