/** What gateways have done to their users, one line of code each. */
export const defects = [
  'caches whatever came',
  'caches what broke off',
  'shares answers between users',
  'knows a question by its last message',
  'knows a question by its text alone',
  'takes cache marks for content',
  'adds cached tokens to the input',
  'lets later counts overwrite',
  'estimates where usage is zero',
  'reads usage out of single chunks',
  'takes an unknown price for zero',
  'books nothing for who leaves',
  'lets go of late usage',
  'ends in silence',
  'goes on after an error',
  'begins with the headers',
  'goes on with another model',
  'passes other paths by the budgets',
  'spends before it counts',
  'writes a hundred records at a time',
  'drops its queue at the end',
  'writes bodies anew',
  'passes every header on',
  'reads HTTP leniently',
  'goes where the client says',
  'waits for any client',
  'takes any body',
  'reads ahead without end',
] as const
export type Defect = (typeof defects)[number]

/** Whether the gateway at hand has it. */
export type HasDefect = (defect: Defect) => boolean
