/** Lua scripts are bundled as text (esbuild loader `text`). */
declare module '*.lua' {
  const text: string

  export { text as default }
}
