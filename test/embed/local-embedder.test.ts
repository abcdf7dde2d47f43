import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openLocalEmbedder } from '../../src/embed/local-embedder.ts'
import { writeTinyModel } from './tiny-onnx.ts'

/**
 * A folder in which `npm install @huggingface/transformers` was run (ONNXRUNTIME_NODE_INSTALL_CUDA=skip keeps it
 * small). The package is 200 MB, so that these tests skip themselves without it.
 */
const installed = process.env['LLMCOST_TRANSFORMERS']

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'llmcost-local-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('says what to install where transformers.js is missing', async () => {
  await expect(
    openLocalEmbedder({ model: 'any/model', workingFolder: folder }),
  ).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringContaining('@huggingface/transformers, which is not installed'),
    hint: expect.stringContaining('npm install @huggingface/transformers'),
  })
})

describe.skipIf(!installed)('a model on this machine', () => {
  const open = (model: string) => openLocalEmbedder({ model, workingFolder: folder })
  const words = { cat: [3, 0, 1], dog: [0, 4, 1] }

  beforeEach(() => {
    symlinkSync(join(installed ?? '', 'node_modules'), join(folder, 'node_modules'), 'junction')
    writeTinyModel(join(folder, 'tiny'), words)
  })

  it('gives the mean of its tokens, of length 1, each text as if alone', async () => {
    const embedder = await open('tiny')
    expect(embedder.dimensions).toBeNull()
    const { vectors, tokens } = await embedder.embed(['cat', 'Dog cat cat', ' ', 'cat'])
    const length = Math.hypot(2, 4 / 3, 1)
    const close = (cells: readonly number[]) => cells.map((cell) => expect.closeTo(cell, 6))
    const cat = close([3 / Math.sqrt(10), 0, 1 / Math.sqrt(10)])
    expect(vectors.map((vector) => vector && [...vector])).toEqual([
      cat,
      close([2 / length, 4 / 3 / length, 1 / length]),
      null,
      cat,
    ])
    expect(vectors[3]).toEqual(vectors[0])
    expect({ tokens, dimensions: embedder.dimensions }).toEqual({ tokens: 0, dimensions: 3 })
  })

  it('is named by what the folder holds', async () => {
    const { fingerprint } = await open('tiny')
    expect((await open('./tiny')).fingerprint).toBe(fingerprint)
    writeTinyModel(join(folder, 'tiny'), { ...words, dog: [0, 5, 1] })
    expect((await open('tiny')).fingerprint).not.toBe(fingerprint)
  })

  it('says so where the model cannot be read', async () => {
    rmSync(join(folder, 'tiny/onnx'), { recursive: true })
    const embedder = await open('tiny')
    await expect(embedder.embed(['cat'])).rejects.toMatchObject({
      name: 'UserError',
      message: expect.stringMatching(/^the model "tiny" cannot be loaded: /),
    })
  })
})
