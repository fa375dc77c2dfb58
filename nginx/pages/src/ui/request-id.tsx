/**
 * A request id short enough for a table: the style sheet cuts it, so that selecting and copying it
 * still gives the whole.
 */
export function RequestId({ id }: { readonly id: string }) {
  return (
    <code class="short-id" title={id}>
      {id}
    </code>
  )
}
