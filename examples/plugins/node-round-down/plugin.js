// A plugin of Checkout in Node.js: node-round-down rounds orders down to whole units of their currency, or to a multiple of them.
// handshake.js is what any plugin in Node.js needs; this file is the deal.
import { serve } from './handshake.js'

const kind = {
  name: 'round_down',
  doc: 'Takes off what the order costs beyond a multiple of whole units of its currency: 21.98 becomes 21.00, or 20.00 with multiple 5.',
  effect: 'EFFECT_ORDER',
  config_schema: JSON.stringify({
    type: 'object',
    additionalProperties: false,
    properties: { multiple: { type: 'integer', minimum: 1, maximum: 1000, default: 1 } },
  }),
  examples: ['{}', '{"multiple": 5}'],
}

function describe() {
  return { name: 'node-round-down', version: '1.0.0', author: 'Checkout examples', api_versions: [1], deals: [kind], limits: { memory_mib: 256 } }
}

// Money is a BigInt: an int64 is more than a number of JavaScript holds.
function subtotal(cart) {
  return cart.lines.reduce((sum, line) => sum + BigInt(line.price) * BigInt(line.quantity), 0n)
}

function answer(cart, deal) {
  if (deal.kind !== kind.name) throw new Error(`there is no kind of deal ${JSON.stringify(deal.kind)}`)
  const config = object(deal.config)
  const multiple = config.multiple ?? 1
  if (!Number.isInteger(multiple) || multiple < 1) throw new Error('multiple: want a whole number of at least 1')
  const off = subtotal(cart) % (BigInt(multiple) * 10n ** BigInt(cart.currency.digits))
  return off > 0n ? { off: { amount: off.toString() } } : { nothing: { why: 'the order is round' } }
}

function object(text) {
  const value = JSON.parse(text)
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw new Error('want a JSON object')
  return value
}

// A deal that fails does not fail the others.
function evaluate({ cart, deals }) {
  return {
    answers: deals.map((deal) => {
      try {
        return { id: deal.id, ...answer(cart, deal) }
      } catch (error) {
        return { id: deal.id, failed: { why: error.message.slice(0, 200) } }
      }
    }),
  }
}

function configure({ settings }) {
  if (Object.keys(object(settings)).length > 0) throw new Error('there are no settings')
  return {}
}

serve({ describe, configure, evaluate })
