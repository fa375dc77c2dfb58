import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressSubject } from './client-address.ts'

const cases: readonly [string, string][] = [
  ['192.0.2.7', 'ip:192.0.2.7'],
  ['::ffff:192.0.2.7', 'ip:192.0.2.7'],
  ['::ffff:c000:207', 'ip:192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', 'ip:2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', 'ip:2001:db8:1:2::/64'],
  ['2001:DB8::1', 'ip:2001:db8:0:0::/64'],
  ['::1', 'ip:0:0:0:0::/64'],
  ['fe80::1%eth0', 'ip:fe80:0:0:0::/64'],
]

for (const [address, subject] of cases) {
  test(`${address} is counted as ${subject}`, () => {
    assert.equal(addressSubject(address), subject)
  })
}
