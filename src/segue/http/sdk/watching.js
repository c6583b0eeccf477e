// What is seen without being told: views, routes, visible time, clicks, scrolling, leaving.

import { options } from './options.js'
import { isHidden, on, quietly } from './page.js'
import { leave } from './sending.js'
import { forgetHappened, say, track } from './telling.js'

const CLICKABLE = '[data-segue-event],a,button,[role=button],summary'
const PRIVATE = '[data-segue-private]'
const ENTERED = PRIVATE + ',input,select,textarea,[contenteditable]'
const LONGEST = 80

// Of the page as it is looked at: reached by what waits for it.
export const view = {}

let path, visibleSince, told

const now = () => performance.now()

// Seconds for which this view was really seen.
export const seconds = () => (view.spent + (visibleSince ? now() - visibleSince : 0)) / 1000

const begin = () => {
  path = location.pathname
  Object.assign(view, { spent: 0, deepest: 0, exits: false, drawn: false })
  visibleSince = isHidden() ? 0 : now()
  told = 0
  forgetHappened()
  scrolled()
}

const pause = () => {
  view.spent = seconds() * 1000
  visibleSince = 0
  const more = Math.round(view.spent / 100) / 10 - told
  if (more < 1 || options.auto === 'off') return
  told += more
  say('track', { event: '$page_time', properties: { seconds: Math.round(more * 10) / 10, path } })
}

const scrolled = () => {
  const { scrollHeight } = document.documentElement
  const reached = scrollHeight ? ((scrollY + innerHeight) / scrollHeight) * 100 : 0
  view.deepest = Math.max(view.deepest, reached)
}

export const page = (name, properties) => {
  const campaign = {}
  new URLSearchParams(location.search).forEach((value, key) => {
    if (key.startsWith('utm_')) campaign[key] = value
  })
  say('page', { name, properties: { ...campaign, ...properties } })
}

const viewed = (turned) => {
  begin()
  if (options.auto !== 'off') page()
  turned()
}

const clicked = ({ target }) => {
  const found = target.closest && target.closest(CLICKABLE)
  if (!found || found.closest(PRIVATE)) return
  const { segueEvent, ...data } = found.dataset
  if (segueEvent) {
    const own = Object.keys(data).filter((key) => /^segue[A-Z]/.test(key))
    const named = own.map((key) => [key[5].toLowerCase() + key.slice(6), data[key]])
    return track(segueEvent, Object.fromEntries(named))
  }
  if (options.auto === 'off' || found.matches(ENTERED) || found.querySelector(ENTERED)) return
  const text = (found.getAttribute('aria-label') || found.textContent).replace(/\s+/g, ' ').trim()
  const href = found.pathname && found.origin + found.pathname
  if (text) track('$click', { text: text.slice(0, LONGEST), tag: found.localName, href })
}

// Watches from now on. `turned` is called when another view begins, `changed` when anything does.
export const watch = (turned, changed) => {
  const moved = () => {
    if (location.pathname === path) return
    pause()
    viewed(turned)
  }
  for (const name of ['pushState', 'replaceState']) {
    const original = history[name]
    history[name] = function (...given) {
      const result = original.apply(this, given)
      quietly(moved)
      return result
    }
  }
  on(window, 'popstate hashchange', moved)
  on(document, 'click', clicked, true)
  on(window, 'scroll', () => (scrolled(), changed()), { passive: true })
  on(document, 'mouseout', ({ relatedTarget, clientY }) => {
    if (relatedTarget || clientY > 0) return
    view.exits = true
    changed()
  })
  on(document, 'visibilitychange', () => {
    if (!isHidden()) return void (visibleSince = now())
    pause()
    leave()
  })
  on(window, 'pagehide', () => (pause(), leave()))
  viewed(turned)
}
