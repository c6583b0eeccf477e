// Who the visitor is, and what they do, as messages to the server.

import { isAllowed } from './options.js'
import { newId } from './page.js'
import { forget, keep, names, read } from './kept.js'
import { put } from './sending.js'

const MOST = 50
const happened = new Map() // of this view: by event, the properties of each time
const listeners = []

export const visitor = () => {
  const known = read('visitor')
  if (known) return known
  const made = { anonymousId: newId() }
  keep('visitor', made)
  return made
}

export const onEvent = (work) => listeners.push(work)
export const hasHappened = (event, holds = () => true) => (happened.get(event) || []).some((facts) => holds(facts))
export const forgetHappened = () => happened.clear()

// Says that something happened. `more` are further keys of the message.
export const say = (type, fields) => {
  if (!isAllowed()) return
  const { anonymousId, userId, token } = visitor()
  const { pathname, href } = location
  put({
    type,
    messageId: newId(),
    timestamp: new Date().toISOString(),
    anonymousId,
    userId,
    context: {
      page: { path: pathname, url: href, title: document.title, referrer: document.referrer },
      segue: token && { proof: token },
    },
    ...fields,
  })
}

export const track = (event, properties, messageId) => {
  say('track', messageId ? { event, properties, messageId } : { event, properties })
  const sent = JSON.parse(JSON.stringify(properties || {}))
  happened.set(event, [...(happened.get(event) || []), sent].slice(-MOST))
  listeners.forEach((heard) => heard(event))
}

export const identify = (userId, traits, { token } = {}) => {
  if (!isAllowed()) return
  const before = visitor()
  if (before.userId && before.userId !== userId) reset()
  keep('visitor', { ...visitor(), userId, token: token || before.token })
  say('identify', { traits })
}

// Forgets who the visitor is: what they do from now on is somebody else's.
export const reset = () => ['visitor', 'seen', ...names('answers.'), ...names('steps.')].forEach(forget)
