import { parse, YAMLParseError } from 'yaml'
import { UserError } from '../domain/user-error.ts'

/** The value that a YAML (or JSON) text holds. `path` names it in errors. */
export function readYaml(text: string, path: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error
    const line = error.linePos?.[0].line
    throw new UserError(`${path} is not valid YAML: ${error.message.split('\n')[0]}`, {
      at: line === undefined ? path : `${path}:${line}`,
      hint: 'check the indentation and quotes near that line',
    })
  }
}
