// Messages on the page: in a shadow root, as text, and never in the way of who looks at it.

import { holds } from './filters.js'
import { survey } from './survey.js'
import { kit } from './kit.js'
import { make } from './make.js'

const LINKS = /^(https?:\/\/|mailto:|\/(?![/\\])|[?#])/i

let host, root, status, current

const link = (url, given, text) =>
  LINKS.test(url) ? make('a', { href: url, ...given }, text) : make('button', given, text)

// The region that is read aloud is there before anything is said in it.
const prepare = () => {
  host = make('segue-messages', { 'data-segue-private': '' })
  root = host.attachShadow({ mode: 'open' })
  const styled = kit.quietly(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(STYLE)
    root.adoptedStyleSheets = [sheet]
    return true
  })
  if (!styled) root.append(make('style', { nonce: kit.options.nonce }, STYLE))
  status = make('p', { role: 'status', className: 'unseen' })
  root.append(status)
  document.body.append(host)
}

const paragraph = (text, more) => text && make('p', { dir: 'auto', ...more }, text)

const isBusy = () => {
  const at = document.activeElement
  const writing = at && (at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName))
  return writing || document.querySelector('dialog[open],[aria-modal=true]')
}

const follow = (element, selector) => {
  const place = () => {
    const target = document.querySelector(selector)
    element.hidden = !target
    if (!target) return
    const at = target.getBoundingClientRect()
    const below = at.bottom + element.offsetHeight + 16 < innerHeight
    const most = innerWidth - element.offsetWidth - 8
    const left = at.left + at.width / 2 - element.offsetWidth / 2
    element.style.left = Math.max(8, Math.min(left, most)) + 'px'
    element.style.top = (below ? at.bottom + 8 : at.top - element.offsetHeight - 8) + 'px'
  }
  place()
  const moving = new AbortController()
  for (const name of ['scroll', 'resize']) {
    addEventListener(name, () => kit.quietly(place), { passive: true, capture: true, signal: moving.signal })
  }
  return () => moving.abort()
}

const action = ({ button, url, look }, tell, end) => {
  const click = () => {
    tell('$message_clicked')
    if (look !== 'checklist') end(true)
  }
  return button && make('div', { className: 'actions' }, link(url, { className: 'main', onclick: click }, button))
}

const checklist = ({ id, steps }, tell) => {
  const name = 'steps.' + id
  const list = make('ol', {})
  const count = make('p', { className: 'hint' })
  const bar = make('progress', { max: steps.length, 'aria-label': kit.options.words.done })
  const refill = () => {
    const done = kit.read(name) || {}
    steps.forEach((step, at) => (done[at] = done[at] || kit.hasHappened(step.done)))
    kit.keep(name, done)
    list.replaceChildren(
      ...steps.map((step, at) => {
        const click = () => tell('$message_clicked', { step: at + 1 }, 'step' + at)
        const tick = () => (kit.keep(name, { ...done, [at]: !done[at] }), refill())
        const own = { type: 'checkbox', checked: !!done[at], disabled: !!step.done, onchange: tick }
        if (!step.url) return make('li', {}, make('label', {}, make('input', own), make('span', {}, step.text)))
        const named = make('input', { ...own, 'aria-label': step.text })
        return make('li', {}, named, link(step.url, { onclick: click }, step.text))
      }),
    )
    bar.value = steps.filter((_, at) => done[at]).length
    count.textContent = `${bar.value} / ${steps.length}`
  }
  refill()
  kit.onEvent(refill)
  return [list, bar, count]
}

// Draws an item, where nothing is in the way; whether it did. `close(true)`: for good.
const draw = (item, tell, close) => {
  const { look, kind, heading, body, selector } = item
  const modal = look === 'modal'
  if (current || !root || (modal && isBusy())) return
  let from, unfollow
  const end = (forGood) => {
    if (current !== shown) return
    const inside = root.activeElement
    current = undefined
    if (unfollow) unfollow()
    if (modal) element.close()
    element.remove()
    status.textContent = ''
    if (inside && !modal && from && from.isConnected) from.focus()
    close(forGood)
  }
  const dismiss = () => {
    tell(`$${kind}_dismissed`)
    end(true)
  }
  const element = make(modal ? 'dialog' : 'section', {
    role: 'dialog',
    className: `box ${look}`,
    lang: kit.options.lang || document.documentElement.lang,
    onkeydown: (event) => {
      if (event.key !== 'Escape') return
      event.preventDefault()
      event.stopPropagation()
      dismiss()
    },
    oncancel: (event) => (event.preventDefault(), dismiss()),
    onfocusin: ({ relatedTarget }) => (from = from || relatedTarget),
  })
  const title = heading && make('h2', { id: 'title', dir: 'auto', tabIndex: -1 }, heading)
  const parts = kind === 'survey' ? survey(item, tell, end) : []
  if (look === 'checklist') parts.push(...checklist(item, tell))
  element.append(
    ...[make('div', { className: 'text' }, title, paragraph(body, { id: 'text', tabIndex: -1 })), ...parts, action(item, tell, end)].filter((part) => part),
    make('button', { className: 'close', 'aria-label': kit.options.words.close, onclick: dismiss }, '×'),
  )
  element.setAttribute(...(title ? ['aria-labelledby', 'title'] : ['aria-label', body || heading || kind]))
  const said = [heading, body].filter((text) => text).join('. ') || (item.questions && item.questions[0].text)
  const shown = (current = { id: item.id, element, end })
  root.append(element)
  if (modal) {
    element.showModal()
    element.querySelector('[tabindex="-1"]').focus()
  } else setTimeout(() => current === shown && (status.textContent = said), 100)
  if (look === 'tooltip' && selector) unfollow = follow(element, selector)
  return true
}

// Takes away what is no longer to be shown, unless somebody is busy with it.
const withdraw = (isGone) => {
  if (current && isGone(current.id) && !current.element.contains(root.activeElement)) current.end()
}

// Makes ready to draw with what the page's script shares.
export const begin = (shared) => {
  Object.assign(kit, shared)
  prepare()
  return { draw, holds, withdraw }
}
