import type { BuildOptions } from 'esbuild'

export declare const njsBuildOptions: BuildOptions
export declare const njsEntryPoints: string[]
export declare const njsOutdir: string
