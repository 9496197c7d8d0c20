// Verifies a signed message as receivers do: by the official package, and v1a by Node's own crypto.
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'

const { headers, body, secrets, publicKeys, standing } = JSON.parse(readFileSync(0, 'utf8'))
if (standing !== null) Date.now = () => standing * 1000

function byTheOfficialPackage(secret) {
  try {
    new Webhook(secret).verify(body, headers)
    return true
  } catch (error) {
    return error.message
  }
}

function byNodesCrypto(publicKey) {
  const x = Buffer.from(publicKey.slice('whpk_'.length), 'base64').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const signed = Buffer.from(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`)
  return headers['webhook-signature']
    .split(' ')
    .filter((one) => one.startsWith('v1a,'))
    .some((one) => verify(null, signed, key, Buffer.from(one.slice(4), 'base64')))
}

console.log(
  JSON.stringify({
    v1: secrets.map(byTheOfficialPackage),
    v1a: publicKeys.map(byNodesCrypto)
  })
)
