// Segue on a web page: what visitors do goes to the server, what it decides is shown.

import { ask, look, refresh, rest, slot, start } from './deciding.js'
import { configure, decideConsent, isAllowed, options } from './options.js'
import { isHidden, on, quietly } from './page.js'
import { forget } from './kept.js'
import { again, drop, plan } from './sending.js'
import { identify, reset, track } from './telling.js'
import { page, watch } from './watching.js'

const script = document.currentScript
const waiting = []
let begun

const ready = (work) => {
  if (document.body) work()
  else on(document, 'DOMContentLoaded', work, { once: true })
}

const begin = () => {
  if (begun || !isAllowed()) return
  begun = true
  ready(() =>
    quietly(() => {
      watch(() => begun > 1 && ask(), look)
      begun = 2
      start()
      plan(0)
      on(window, 'online', () => (again(), refresh()))
      on(document, 'visibilitychange', () => (isHidden() ? rest() : refresh()))
      on(window, 'pagehide', rest)
    }),
  )
  waiting.splice(0).forEach((call) => handle(...call))
}

const calls = {
  init: (given) => (configure(given), begin()),
  track: (event, properties) => track(event, properties),
  page,
  identify: (...given) => (identify(...given), plan(0), refresh()),
  reset: () => (reset(), refresh()),
  optIn: () => (decideConsent(true), begin()),
  optOut: () => {
    reset()
    drop()
    rest()
    forget('decision')
    decideConsent(false)
  },
  slot,
}

const handle = (name, ...given) => {
  const always = /^(init|opt)/.test(name)
  if (begun || always) quietly(() => calls[name](...given))
  else if (options.consent !== 'required') waiting.push([name, ...given])
}

quietly(() => {
  const before = (window.segue && window.segue.q) || []
  if (script) {
    configure({ host: new URL(script.src).origin, nonce: script.nonce, ...script.dataset })
  }
  window.segue = handle
  begin()
  before.forEach((call) => handle(...call))
})
