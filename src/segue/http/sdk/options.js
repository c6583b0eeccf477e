// How the page wants it, and whether its visitor lets us.

import { keep, read } from './kept.js'

export const options = {
  writeKey: '',
  host: '',
  consent: '',
  dnt: '',
  auto: '',
  nonce: '',
  words: {
    close: 'Close',
    back: 'Back',
    next: 'Next',
    send: 'Send',
    skip: 'Skip',
    required: 'Please answer this question.',
    done: 'Done',
    thanks: 'Thank you.',
    optional: 'Your answer',
    scales: {
      nps: ['Not at all likely', 'Extremely likely'],
      csat: ['Very dissatisfied', 'Very satisfied'],
      ces: ['Strongly disagree', 'Strongly agree'],
      rating: ['Lowest', 'Highest'],
    },
  },
}

export const configure = ({ words, ...given }) => {
  Object.assign(options, given)
  Object.assign(options.words, words)
}

export const decideConsent = (given) => keep('consent', given)

// Whether anything may be kept or sent.
export const isAllowed = () => {
  const consent = read('consent')
  if (!options.writeKey || consent === false) return false
  const objects = navigator.globalPrivacyControl || navigator.doNotTrack === '1'
  return !!consent || (options.consent !== 'required' && (options.dnt === 'ignore' || !objects))
}
