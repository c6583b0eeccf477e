// Filters of triggers: the tests that a page can make, with the meaning that they have everywhere.

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/
const WIDEST = 2 ** 63

const number = (value) => {
  const found = typeof value === 'number' || (typeof value === 'string' && NUMBER.test(value)) ? Number(value) : NaN
  return Number.isFinite(found) ? found : NaN
}

const text = (value) => {
  const whole = Number.isInteger(value) && Math.abs(value) < WIDEST
  return whole || /^(string|boolean)$/.test(typeof value) ? String(value) : undefined
}

const isEqual = (value, literal) => (typeof literal === 'number' ? number(value) === literal : text(value) === literal)

const inText = (test) => (value, literal) => {
  const found = text(value)
  return found !== undefined && test(found, literal)
}

const TESTS = {
  '=': isEqual,
  '<': (value, literal) => number(value) < literal,
  '<=': (value, literal) => number(value) <= literal,
  '>': (value, literal) => number(value) > literal,
  '>=': (value, literal) => number(value) >= literal,
  in: (value, literals) => literals.some((literal) => isEqual(value, literal)),
  contains: inText((found, literal) => found.includes(literal)),
  'starts with': inText((found, literal) => found.startsWith(literal)),
  'ends with': inText((found, literal) => found.endsWith(literal)),
  'is set': (value) => value !== undefined && value !== null,
  'is true': (value) => value === true || value === 'true',
  'is false': (value) => value === false || value === 'false',
}

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

const at = (properties, path) =>
  path.reduce((value, key) => (isObject(value) && {}.hasOwnProperty.call(value, key) ? value[key] : undefined), properties)

const combined = {
  and: (terms, properties) => terms.every((term) => holds(term, properties)),
  or: (terms, properties) => terms.some((term) => holds(term, properties)),
  not: ([term], properties) => !holds(term, properties),
}

// Whether properties, as they are sent, satisfy a filter.
export const holds = ([op, ...rest], properties) => {
  if (combined[op]) return combined[op](rest, properties)
  const [path, operand] = rest
  return !!TESTS[op] && TESTS[op](at(properties, path), operand)
}
