import type { HistoryKeys } from './history-keys.ts'

/** Names of the arrays that a history's keys are kept as. */
export const keptKeyNames = [
  'partition',
  'exact',
  'question',
  'answer',
  'label',
  'messages',
  'choices',
  'words',
] as const

type Arrays = Readonly<Record<string, Uint8Array>>

/** Keys as bytes, in this machine's order, so that the next run need not number them again. */
export function writeHistoryKeys(keys: HistoryKeys): Arrays {
  const { questionCount, questionsDigest, labels } = keys
  const words = JSON.stringify({ questionCount, questionsDigest, labels })
  return {
    partition: bytesOf(keys.partition),
    exact: bytesOf(keys.exact),
    question: bytesOf(keys.question),
    answer: bytesOf(keys.answer),
    label: bytesOf(keys.label),
    messages: bytesOf(keys.messages),
    choices: bytesOf(keys.choices),
    words: Buffer.from(words),
  }
}

export function readHistoryKeys(arrays: Arrays): HistoryKeys {
  const { partition, exact, question, answer, label, messages, choices, words } =
    arrays as Readonly<Record<(typeof keptKeyNames)[number], Uint8Array>>
  const told = JSON.parse(Buffer.from(words).toString()) as Pick<
    HistoryKeys,
    'questionCount' | 'questionsDigest' | 'labels'
  >
  return {
    ...told,
    partition: new Int32Array(partition.buffer),
    exact: new Int32Array(exact.buffer),
    question: new Int32Array(question.buffer),
    answer: new Int32Array(answer.buffer),
    label: new Int32Array(label.buffer),
    messages: new Uint16Array(messages.buffer),
    choices: new Uint16Array(choices.buffer),
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
