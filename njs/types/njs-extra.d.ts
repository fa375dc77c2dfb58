/** What njs 1.0 has and njs-types 0.9.4 does not declare, as far as the gate uses it. */

interface NginxHTTPRequest {
  /** Ends a js_access handler without a decision of its own: the next access check goes on. */
  decline(): void

  /** A body may be bytes as well as text. */
  subrequest(
    uri: string,
    options: { readonly args?: string; readonly body: string | Uint8Array },
  ): Promise<NginxHTTPRequest>
  subrequest(
    uri: string,
    options: { readonly args?: string; readonly body: string | Uint8Array },
    callback: (reply: NginxHTTPRequest) => void,
  ): void
}

interface NgxObject {
  /** A body may be bytes as well as text. */
  fetch(
    url: string,
    options: Omit<NgxFetchOptions, 'body'> & { readonly body: Uint8Array },
  ): Promise<Response>
}

interface TextDecoderOptions {
  /** Whether a byte order mark stays in the text. */
  ignoreBOM?: boolean
}
