// What is kept in the browser, shared by all tabs; in memory where the browser keeps nothing.

import { quietly } from './page.js'

const PREFIX = 'segue.'
const memory = {}

const shelf = quietly(() => {
  localStorage.setItem(PREFIX, '')
  localStorage.removeItem(PREFIX)
  return localStorage
})

export const read = (name) => {
  const text = shelf ? quietly(() => shelf.getItem(PREFIX + name)) : memory[name]
  return text ? quietly(() => JSON.parse(text)) : undefined
}

export const keep = (name, value) => {
  const text = JSON.stringify(value)
  if (!shelf) memory[name] = text
  else quietly(() => shelf.setItem(PREFIX + name, text))
}

export const forget = (name) => {
  if (!shelf) delete memory[name]
  else quietly(() => shelf.removeItem(PREFIX + name))
}

// The names of everything kept that begin so, in order.
export const names = (beginning) =>
  Object.keys(shelf || memory)
    .map((key) => (shelf ? (key.startsWith(PREFIX) ? key.slice(PREFIX.length) : '') : key))
    .filter((name) => name.startsWith(beginning))
    .sort()

// Calls `work` with the name of what another tab has changed.
export const onChange = (work) =>
  addEventListener('storage', ({ key }) => {
    if (key && key.startsWith(PREFIX)) quietly(() => work(key.slice(PREFIX.length)))
  })
