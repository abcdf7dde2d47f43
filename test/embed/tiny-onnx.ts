import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Protocol Buffers, as much as an ONNX file needs: numbers, and bytes behind their length. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest])
    bytes.push((rest % 128) + 128)
  }
}
const number = (field: number, value: number): Buffer =>
  Buffer.concat([varint(field * 8), varint(value)])
function message(field: number, ...parts: readonly (Buffer | string)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)))
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body])
}

const [float, int64] = [1, 7]

function valueInfo(field: number, name: string, type: number, dims: readonly (string | number)[]) {
  const shape = dims.map((dim) =>
    message(1, typeof dim === 'string' ? message(2, dim) : number(1, dim)),
  )
  return message(
    field,
    message(1, name),
    message(2, message(1, number(1, type), message(2, ...shape))),
  )
}

/** An ONNX model that looks up one row of the table for each token and does nothing else. */
function gatherModel(table: readonly (readonly number[])[]): Buffer {
  const dimensions = table[0]?.length ?? 0
  const rows = Buffer.from(Float32Array.from(table.flat()).buffer)
  const tokens = ['batch', 'tokens']
  const graph = message(
    7,
    message(
      1,
      message(1, 'table'),
      message(1, 'input_ids'),
      message(2, 'last_hidden_state'),
      message(4, 'Gather'),
    ),
    message(2, 'tiny'),
    message(
      5,
      number(1, table.length),
      number(1, dimensions),
      number(2, float),
      message(8, 'table'),
      message(9, rows),
    ),
    valueInfo(11, 'input_ids', int64, tokens),
    valueInfo(11, 'attention_mask', int64, tokens),
    valueInfo(12, 'last_hidden_state', float, [...tokens, dimensions]),
  )
  return Buffer.concat([number(1, 8), graph, message(8, message(1, ''), number(2, 13))])
}

/** A folder as the Hugging Face hub has them, with a model that knows these words and nothing of their order. */
export function writeTinyModel(
  folder: string,
  words: Readonly<Record<string, readonly number[]>>,
): void {
  const vocabulary = ['[PAD]', '[UNK]', ...Object.keys(words)]
  const dimensions = Object.values(words)[0]?.length ?? 0
  const none = Array<number>(dimensions).fill(0)
  const json = (name: string, value: object) =>
    writeFileSync(join(folder, name), JSON.stringify(value))
  mkdirSync(join(folder, 'onnx'), { recursive: true })
  writeFileSync(join(folder, 'onnx/model.onnx'), gatherModel([none, none, ...Object.values(words)]))
  json('config.json', { model_type: 'bert', architectures: ['BertModel'], hidden_size: dimensions })
  json('tokenizer_config.json', {
    tokenizer_class: 'BertTokenizer',
    model_max_length: 512,
    pad_token: '[PAD]',
    unk_token: '[UNK]',
  })
  json('tokenizer.json', {
    version: '1.0',
    added_tokens: [],
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: null,
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
    },
  })
}
