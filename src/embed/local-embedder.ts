import { createHash } from 'node:crypto'
import { createReadStream, existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Embedder, Vector } from '../domain/embedder.ts'
import { zeroNanoUsd } from '../domain/money.ts'
import { UserError } from '../domain/user-error.ts'
import { normalised } from './static-embedder.ts'

export type LocalEmbedderOptions = {
  /** A name on the Hugging Face hub, or a folder with a model in ONNX form. */
  readonly model: string
  /** Where a folder and the library are looked for besides the package's own place. */
  readonly workingFolder: string
}

const library = '@huggingface/transformers'

/** What is used of the library, which is the user's own to install. */
type Tensor = { readonly data: ArrayLike<number> }
type Extractor = (
  text: string,
  options: { readonly pooling: 'mean'; readonly normalize: boolean },
) => Promise<Tensor>
type Transformers = {
  readonly env: { readonly version?: string }
  pipeline(
    task: 'feature-extraction',
    model: string,
    options: { readonly local_files_only: boolean; readonly dtype: 'fp32' },
  ): Promise<Extractor>
}

/** Texts after which vectors are kept and progress is shown. */
const limits = { textsPerCall: 32, tokensPerCall: Infinity, callsAtOnce: 1 } as const

/**
 * A sentence transformer on this machine: the mean of its last layer over the tokens, of length 1. One text at a time,
 * because the padding of a batch would change the last digits of a vector with its neighbours. Throws a UserError where
 * the library is not installed or the model cannot be read; a name that is no folder is fetched from the hub once.
 */
export async function openLocalEmbedder(options: LocalEmbedderOptions): Promise<Embedder> {
  const { env, pipeline } = await importLibrary(options.workingFolder)
  const path = resolve(options.workingFolder, options.model)
  const isFolder = existsSync(join(path, 'config.json'))
  const source = isFolder ? `${basename(path)} ${await hashOfFolder(path)}` : options.model
  let dimensions: number | null = null
  let loaded: Promise<Extractor> | undefined
  const load = () =>
    pipeline('feature-extraction', isFolder ? path : options.model, {
      local_files_only: isFolder,
      dtype: 'fp32',
    }).catch((error: unknown) => {
      throw unreadableModel(options.model, error)
    })
  const embedOne = async (extract: Extractor, text: string): Promise<Vector | null> => {
    if (text.trim() === '') return null
    const { data } = await extract(text, { pooling: 'mean', normalize: false })
    const vector = normalised(Float32Array.from(data))
    dimensions ??= vector?.length ?? null
    return vector
  }
  return {
    name: `local:${options.model}`,
    fingerprint: `local ${source} transformers.js ${env.version ?? ''} mean fp32`,
    get dimensions() {
      return dimensions
    },
    limits,
    isWorthStoring: true,
    async embed(texts, signal) {
      loaded ??= load()
      const extract = await loaded
      const vectors: (Vector | null)[] = []
      for (const text of texts) {
        signal?.throwIfAborted()
        vectors.push(await embedOne(extract, text))
      }
      return { vectors, tokens: 0 }
    },
    costOf: () => zeroNanoUsd,
  }
}

/** From where llmcost is installed, else from where it was started. */
async function importLibrary(workingFolder: string): Promise<Transformers> {
  const places = [import.meta.url, pathToFileURL(join(workingFolder, 'package.json')).href]
  const found = places.map((place) => resolveFrom(place)).find((path) => path !== null)
  if (found === undefined || found === null) {
    throw new UserError(`local: embedders need the package ${library}, which is not installed`, {
      hint: `run \`npm install ${library}\` here, or \`npm install --global ${library}\` beside a global llmcost`,
    })
  }
  return (await import(pathToFileURL(found).href)) as Transformers
}

function resolveFrom(place: string): string | null {
  try {
    return createRequire(place).resolve(library)
  } catch {
    return null
  }
}

const unreadableModel = (model: string, error: unknown): UserError =>
  new UserError(`the model "${model}" cannot be loaded: ${firstLine(error)}`, {
    hint: 'name a folder with config.json, tokenizer.json and onnx/model.onnx, or a model of the Hugging Face hub that has them',
  })

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''

/** SHA-256 over names and contents of all files, in the order of their names. */
async function hashOfFolder(folder: string): Promise<string> {
  const hash = createHash('sha256')
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  for (const name of names.map((each) => each.replaceAll('\\', '/')).sort()) {
    const path = join(folder, name)
    const { size } = statSync(path)
    if (!statSync(path).isFile()) continue
    hash.update(`${name}\n${size}\n`)
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  }
  return hash.digest('hex')
}
