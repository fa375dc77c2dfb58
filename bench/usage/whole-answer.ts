import type { ClientRequest } from 'node:http'

/** Resolves when the whole answer of a request is there. @throws {Error} unless it is 200 */
export function wholeAnswer(sent: ClientRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    sent.once('error', reject)
    sent.once('response', (response) => {
      response.resume()
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode === 200) resolve()
        else reject(new Error(`${sent.path} answered ${response.statusCode}`))
      })
    })
    sent.end()
  })
}
