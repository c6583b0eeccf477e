// What the page gives, reached so that nothing is ever thrown into it.

export const quietly = (work) => {
  try {
    return work()
  } catch {
    // The page has nothing to do with our troubles.
  }
}

export const on = (target, names, work, options) => {
  for (const name of names.split(' ')) {
    target.addEventListener(name, (event) => quietly(() => work(event)), options)
  }
}

export const isHidden = () => document.visibilityState === 'hidden'

// Every browser has good random numbers; `randomUUID` only where the page is secure.
export const newId = () =>
  '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit) =>
    (digit ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (digit / 4)))).toString(16),
  )
