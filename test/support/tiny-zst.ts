/** Two canonical records of 10 and 20 input tokens, compressed with `zstd -19`. */
export const tinyZst = Buffer.from(
  'KLUv/SSeZQIAkkQPEpDPASC0emDMbdZ9ymcFZT0fTyDnUgrImdb4MEh/QtXioVVCdtxXC8368GgElet9p1J8Dyf3/cQeSN8eBwQAYJYAXSnIAxQ3zV/yZCI=',
  'base64',
)
