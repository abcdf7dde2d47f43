import type { BuildOptions } from 'esbuild'

/** How the command and its worker threads are bundled. */
export const bundle = {
  entryPoints: [
    { in: 'src/cli/main.ts', out: 'main' },
    { in: 'src/cli/ingest-worker.ts', out: 'ingest-worker' },
    { in: 'src/vectors/scan-worker.ts', out: 'scan-worker' },
    { in: 'src/simulate/grid-worker.ts', out: 'grid-worker' },
    { in: 'src/store/wal-worker.ts', out: 'wal-worker' },
  ],
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  minifySyntax: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
  external: ['better-sqlite3', 'react-devtools-core'],
  define: { 'process.env.NODE_ENV': '"production"' },
  banner: {
    js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);",
  },
} as const satisfies BuildOptions
