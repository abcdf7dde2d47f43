import { execFile } from 'node:child_process'
import { UserError } from '../domain/user-error.ts'
import type { RunProgram } from '../score/command-scorer.ts'

/** A score and its reason are short; a program that prints more than this is stopped. */
const mostOutputBytes = 1_048_576

/** Runs a program without a shell in this process's folder and environment; what it prints as errors is dropped. */
export const runProgram: RunProgram = ([program = '', ...args], input, timeoutMs) =>
  new Promise((resolve, reject) => {
    const limits = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: mostOutputBytes,
    } as const
    const child = execFile(program, args, { ...limits, windowsHide: true }, (error, stdout) => {
      if (error !== null && cannotStart.has(String(error.code)))
        reject(startMistake(program, error))
      else if (error === null) resolve({ exitCode: 0, stdout })
      else resolve({ exitCode: typeof error.code === 'number' ? error.code : null, stdout })
    })
    // It may end without having read its input.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })

const cannotStart = new Set(['ENOENT', 'EACCES', 'ENOEXEC'])

const startMistake = (program: string, { code }: { readonly code?: unknown }): UserError =>
  new UserError(`the program ${program} cannot be started (${code})`, {
    hint: 'name one of the PATH, or a file that may be executed: ./score.py',
  })
