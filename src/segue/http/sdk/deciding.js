// The server says who, this says when: what was decided, and for what it waits.

import { alone } from './alone.js'
import { drawer } from './drawer.js'
import { isAllowed, options } from './options.js'
import { isHidden, quietly } from './page.js'
import { keep, onChange, read } from './kept.js'
import { plan, post } from './sending.js'
import { hasHappened, onEvent, track, visitor } from './telling.js'
import { seconds, view } from './watching.js'

const SHOWN = 1
const CLOSED = 2
const MOST_SEEN = 50
const TICKET_LIVES = 50000

let items = [], etag, asked = 0, ttl = 0, ticket, stream, listening, ticking
const ripe = {}, slots = {}, filled = {}

const seen = () => read('seen') || {}

const note = (id, how) => {
  const all = Object.entries({ ...seen(), [id]: how })
  keep('seen', Object.fromEntries(all.slice(-MOST_SEEN)))
}

// ------------------------------------------------------------------------------------------ asking

const whoAsks = () => {
  const { anonymousId, userId, token } = visitor()
  return { anonymousId, userId, userToken: token }
}

const take = (decision) => {
  etag = decision.etag
  ttl = decision.ttl * 1000
  asked = Date.now()
  items = decision.items
  if (items.some(({ control, look, triggers }) => (!control && look !== 'slot') || triggers.some(({ where }) => where))) drawer.load()
  const told = new Map(items.map((item) => [item.id, item]))
  if (drawer.withdraw) drawer.withdraw((id) => !told.has(id))
  for (const slot in filled) if (!told.has(filled[slot])) fill(slot, null)
  look()
}

// Asks what may be shown; the answer has a ticket to listen with.
export const ask = async () => {
  if (!isAllowed()) return
  asked = Date.now()
  const question = { ...whoAsks(), url: location.href, etag, seen: Object.keys(seen()), stream: true }
  const answer = await post('/v1/decide', question).catch(() => {})
  ticket = answer && answer.headers.get('segue-ticket')
  const decision = answer && answer.status === 200 && (await answer.json().catch(() => {}))
  if (decision && decision.items) share(decision)
}

const share = (decision) => {
  keep('decision', { ...decision, of: whoAsks() })
  take(decision)
}

const hear = (withTicket) =>
  new Promise((done) => {
    stream = new EventSource(options.host + '/v1/decide/stream?ticket=' + withTicket)
    stream.onerror = stream.stop = () => (stream.close(), done())
    stream.addEventListener('decision', ({ data }) => quietly(() => share(JSON.parse(data))))
  })

// One tab listens for all, as long as somebody looks at it.
const listen = async () => {
  if (listening) return
  listening = true
  await alone('stream', async () => {
    while (!isHidden() && isAllowed()) {
      if (!ticket || Date.now() - asked > TICKET_LIVES) await ask()
      const mine = ticket
      ticket = ''
      if (mine) await hear(mine)
      if (!ticket && !isHidden()) await new Promise((done) => setTimeout(done, 5000 + 5000 * Math.random()))
    }
  })
  listening = stream = undefined
}

const isListening = () => stream && stream.readyState === 1

// Begins anew: the visitor is another one, or looks again.
export const refresh = async () => {
  await ask()
  if (stream) stream.stop()
  listen()
}

export const rest = () => stream && stream.stop()

// ---------------------------------------------------------------------------------------- triggers

const onPath = (pattern) => {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return RegExp('^' + parts.join('.*') + '$').test(location.pathname)
}

const holds = {
  page: onPath,
  event: (name, where) => hasHappened(name, where && ((facts) => drawer.holds && drawer.holds(where, facts))),
  dwell: (value) => seconds() >= +value,
  scroll: (value) => view.deepest >= +value,
  exit_intent: () => view.exits,
}

const isReady = ({ triggers, selector }) =>
  (!triggers.length || triggers.some(({ on, value, where }) => holds[on] && holds[on](value, where))) &&
  (!selector || document.querySelector(selector))

const look = () =>
  quietly(() => {
    const known = seen()
    if (isHidden()) return
    const waits = items.filter(({ id }) => known[id] !== CLOSED)
    clearTimeout(ticking)
    if (waits.length) ticking = setTimeout(look, 250)
    if (waits.length && Date.now() - asked > ttl && !isListening()) return void ask()
    for (const item of waits) {
      if (!isReady(item)) delete ripe[item.id]
      else if (Date.now() - (ripe[item.id] = ripe[item.id] || Date.now()) >= item.delay) show(item)
    }
  })

export { look }

// -------------------------------------------------------------------------------------- displaying

const report = (item) => (what, more, unique) => {
  const { id, campaign_id, variant, segments } = item
  const facts = { delivery_id: id, campaign_id, variant, segments, ...more }
  track(what, facts, id + ':' + (unique || what.split('_')[1]))
  plan(0)
}

const show = (item) => {
  const tell = report(item)
  if (item.control) {
    note(item.id, CLOSED)
    tell('$message_shown', { control: true })
  } else if (item.look === 'slot') offer(item, tell)
  else if (!view.drawn && drawer.draw) open(item, tell)
}

const began = (item, tell) => {
  if (!item.shown && !seen()[item.id]) tell(`$${item.kind}_shown`)
  note(item.id, SHOWN)
}

// As long as it is open, no other tab opens one.
const open = (item, tell) => {
  alone(
    'show',
    () =>
      new Promise((done) => {
        if (view.drawn || seen()[item.id] === CLOSED) return done()
        const close = (forGood) => {
          if (forGood) note(item.id, CLOSED)
          done()
        }
        if (!quietly(() => drawer.draw(item, tell, close))) return done()
        view.drawn = true
        began(item, tell)
      }),
    true,
  )
}

// ------------------------------------------------------------------------------------------- slots

const fill = (slot, item, tell) => {
  if (item ? filled[slot] === item.id : !filled[slot]) return
  const detail = item && {
    slot,
    payload: item.payload,
    clicked: () => tell('$message_clicked'),
    dismissed: () => (tell('$message_dismissed'), note(item.id, CLOSED), fill(slot, null)),
  }
  const event = new CustomEvent('segue:slot', { detail: detail || { slot }, cancelable: true })
  const taken = !document.dispatchEvent(event)
  if (slots[slot]) quietly(() => slots[slot](detail))
  else if (!taken && item) return
  filled[slot] = item && item.id
  if (item) began(item, tell)
}

const offer = (item, tell) => fill(item.slot, item, tell)

// Names what fills a slot: a function that is given what to show there, or null.
export const slot = (name, work) => {
  slots[name] = work
  look()
}

export const start = () => {
  onEvent(look)
  onChange((name) => {
    const decision = name === 'decision' && read(name)
    if (decision && JSON.stringify(decision.of) === JSON.stringify(whoAsks())) take(decision)
  })
  refresh()
}
