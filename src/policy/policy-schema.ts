import * as z from 'zod'
import { filePolicy } from './file-policy.ts'

/** The JSON Schema of a policy file, for editors; made of the same tables that read the file. */
export const policyJsonSchema = (): object => {
  const { $schema, ...schema } = z.toJSONSchema(filePolicy, { io: 'input' })
  return { $schema, title: 'llmcost.yaml', description: 'The policy of llmcost', ...schema }
}
