/** What njs 1.0 has and njs-types 0.9.4 does not declare, as far as the gate uses it. */

interface NginxHTTPRequest {
  /** Ends a js_access handler without a decision of its own: the next access check goes on. */
  decline(): void
}
