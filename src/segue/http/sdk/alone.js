// One tab at a time: Web Locks, and where a page has none (it is not secure) a lease that is kept.

import { newId } from './page.js'
import { forget, keep, read } from './kept.js'

const LEASE = 4000
const me = newId()

const take = (name) => {
  const lease = read(name)
  const free = !lease || lease.tab === me || lease.until < Date.now()
  if (free) keep(name, { tab: me, until: Date.now() + LEASE })
  return free
}

const leased = async (name, work, atOnce) => {
  while (!take(name)) {
    if (atOnce) return
    await new Promise((done) => setTimeout(done, LEASE / 4))
  }
  const renewing = setInterval(() => take(name), LEASE / 4)
  try {
    await work()
  } finally {
    clearInterval(renewing)
    forget(name)
  }
}

// Does `work`, which may take long, while no other tab does; `atOnce`: now or not at all.
export const alone = (name, work, atOnce) => {
  const lock = 'lock.' + name
  const done = navigator.locks
    ? navigator.locks.request('segue.' + lock, { ifAvailable: !!atOnce }, (held) => held && work())
    : leased(lock, work, atOnce)
  return done.catch(() => {})
}
