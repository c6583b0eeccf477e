// Elements, made of their parts: no text is ever read as HTML.

import { kit } from './kit.js'

// An element; what begins with `on` is listened to, what it has as a property is set, else an attribute.
export const make = (tag, given, ...children) => {
  const element = document.createElement(tag)
  for (const name in given) {
    const value = given[name]
    if (name.startsWith('on')) kit.on(element, name.slice(2), value)
    else if (name in element) element[name] = value
    else element.setAttribute(name, value)
  }
  element.append(...children.filter((child) => child))
  return element
}
