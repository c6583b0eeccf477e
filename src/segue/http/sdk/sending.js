// From here to the server: nothing is lost while it cannot be reached, nothing is counted twice.

import { alone } from './alone.js'
import { options } from './options.js'
import { quietly, newId } from './page.js'
import { forget, keep, names, read } from './kept.js'

const QUEUE = 'queue.'
const MOST = 200 // messages that wait; beyond, the oldest goes
const PIECE = 20000 // characters of a request: what outlives a page has at most 64 KiB of bytes
const LONGEST = 300000

let planned, failures = 0, notBefore = 0

// Plain text, so that the browser does not ask the server first whether it may.
export const post = (path, body, more) =>
  fetch(options.host + path, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify({ writeKey: options.writeKey, ...body }),
    credentials: 'omit',
    ...more,
  })

export const put = (message) => {
  keep(QUEUE + Date.now() + newId(), message)
  names(QUEUE).slice(0, -MOST).forEach(forget)
  plan(50)
}

export const plan = (delay) => {
  clearTimeout(planned)
  planned = setTimeout(flush, Math.max(delay, notBefore - Date.now()))
}

export const drop = () => names(QUEUE).forEach(forget)

export const flush = () => alone('send', send)

const gather = () => {
  const piece = { names: [], batch: [], sentAt: new Date().toISOString() }
  let size = 0
  for (const name of names(QUEUE)) {
    const message = read(name)
    size += message ? JSON.stringify(message).length : 0
    if (size > PIECE && piece.batch.length) break
    piece.names.push(name)
    if (message) piece.batch.push(message)
  }
  return piece
}

const send = async () => {
  for (let piece = gather(); piece.batch.length; piece = gather()) {
    const answer = await attempt(piece)
    const status = answer ? answer.status : 0
    if (!status || status === 408 || status === 429 || status >= 500) return later(answer)
    failures = 0 // what is refused for another reason would be refused again
    piece.names.forEach(forget)
  }
}

const attempt = ({ batch, sentAt }) =>
  post('/v1/batch', { batch, sentAt }, { keepalive: true }).catch(() => {})

const later = (answer) => {
  const asked = (answer && answer.headers.get('retry-after')) * 1000 || 0
  const wait = Math.min(1000 * 2 ** failures++, LONGEST) * (0.5 + Math.random() / 2)
  notBefore = Date.now() + Math.max(asked, wait)
  plan(0)
}

export const again = () => {
  notBefore = failures = 0
  plan(0)
}

// The page goes: nobody will hear an answer, so what is sent stays until it is acknowledged.
export const leave = () => {
  const { batch, sentAt } = gather()
  if (!batch.length) return
  const body = JSON.stringify({ writeKey: options.writeKey, batch, sentAt })
  quietly(() =>
    navigator.sendBeacon(options.host + '/v1/batch', new Blob([body], { type: 'text/plain' })),
  )
}
