/** The parts of the WebAssembly interface that are used here; Node's types leave it to those of a browser. */
export type WasmMemory = {
  readonly buffer: SharedArrayBuffer
  /** Adds pages; what `buffer` gave before does not grow. */
  grow(pages: number): number
}
export type WasmModule = { readonly __module: never }

type WebAssemblyApi = {
  readonly Module: new (bytes: Uint8Array) => WasmModule
  readonly Memory: new (size: {
    readonly initial: number
    readonly maximum: number
    readonly shared: true
  }) => WasmMemory
  readonly Instance: new (
    module: WasmModule,
    imports: Readonly<Record<string, Readonly<Record<string, WasmMemory>>>>,
  ) => { readonly exports: unknown }
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyApi })
  .WebAssembly

export const pageBytes = 65_536
/** 4 GiB: what 32-bit addresses reach. */
export const maxPages = 65_536
