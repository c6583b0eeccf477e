// A survey: one question at a time, every answer kept and sent when it is given.

import { kit } from './kit.js'
import { make } from './make.js'

const OWN_START = { nps: 0 }

// The question after one with an answer; undefined at the end.
export const following = (questions, at, answer) => {
  const given = [].concat(answer).map(String)
  const found = (questions[at].branches || []).find(
    ({ answers }) => !answers.length || answers.some((one) => given.includes(one)),
  )
  if (!found) return questions[at + 1] && at + 1
  const next = questions.findIndex(({ id }) => id === found.to)
  return next < 0 ? undefined : next
}

const choice = (type, value, text, checked) =>
  make(
    'label',
    {},
    make('input', { type, name: 'answer', value, checked }),
    make('span', { dir: 'auto' }, text),
  )

const fields = ({ type, choices, scale, id }, answer) => {
  if (type === 'text') {
    const label = kit.options.words.optional
    return [make('textarea', { name: 'answer', rows: 3, maxLength: 4000, value: answer || '', 'aria-label': label })]
  }
  const given = [].concat(answer).map(String)
  if (choices) {
    const kind = type === 'multiple' ? 'checkbox' : 'radio'
    return [make('div', { className: 'choices' }, ...choices.map((one) => choice(kind, one, one, given.includes(one))))]
  }
  const start = OWN_START[type] === undefined ? 1 : 0
  const numbers = Array.from({ length: scale - start + 1 }, (_, at) => String(start + at))
  const [least, most] = kit.options.words.scales[type]
  return [
    make('div', { className: 'scale' }, ...numbers.map((one) => choice('radio', one, one, given.includes(one)))),
    make('div', { className: 'ends' }, make('span', {}, least), make('span', {}, most)),
  ]
}

const answerOf = (form, { type }) => {
  const values = new FormData(form).getAll('answer').map((value) => value.trim()).filter((value) => value)
  if (type === 'multiple') return values.length ? values : undefined
  const [value] = values
  return value === undefined || type === 'text' || type === 'single' ? value : Number(value)
}

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other)

// The parts of a survey. `tell` reports answers, `end` closes the box.
export const survey = ({ id, questions, thanks }, tell, end) => {
  const { words } = kit.options
  const name = 'answers.' + id
  const kept = { at: 0, answers: {}, count: 0, way: [], ...kit.read(name) }
  const form = make('form', { noValidate: true })
  const error = make('p', { id: 'error', className: 'error', role: 'alert' })

  const finish = () => {
    kit.forget(name)
    const close = make('button', { type: 'button', className: 'main', onclick: () => end(true) }, words.close)
    const said = make('p', { tabIndex: -1, dir: 'auto' }, thanks || words.thanks)
    form.replaceChildren(said, make('div', { className: 'actions' }, close))
    said.focus()
  }

  // What stands in the form when somebody goes back is an answer like any other.
  const answered = (question, answer, back) => {
    const next = back ? kept.way.pop() : following(questions, kept.at, answer)
    const complete = next === undefined
    if (complete || !isSame(answer, kept.answers[question.id])) {
      kept.answers[question.id] = answer
      const facts = { question_id: question.id, question_type: question.type, answer, scale: question.scale }
      tell('$survey_answered', { ...facts, submission_id: id, complete }, `answer:${question.id}:${kept.count++}`)
    }
    if (!back) kept.way.push(kept.at)
    kept.at = next
    if (complete) return finish()
    kit.keep(name, kept)
    ask(true)
  }

  const ask = (moved) => {
    const question = questions[kept.at]
    const last = following(questions, kept.at) === undefined
    const legend = make('legend', { tabIndex: -1, dir: 'auto' }, question.text)
    const set = make('fieldset', { 'aria-describedby': 'error' }, legend, ...fields(question, kept.answers[question.id]))
    const back = kept.way.length > 0 && make('button', { type: 'button', className: 'back', onclick: () => answered(question, answerOf(form, question), true) }, words.back)
    const skip = !question.required && make('button', { type: 'button', onclick: () => answered(question) }, words.skip)
    error.textContent = ''
    form.onsubmit = (event) => {
      event.preventDefault()
      const answer = answerOf(form, question)
      if (answer === undefined && question.required) {
        error.textContent = words.required
        set.querySelector('input,textarea').focus()
      } else answered(question, answer)
    }
    form.replaceChildren(
      set,
      error,
      make('div', { className: 'actions' }, back, skip, make('button', { className: 'main' }, last ? words.send : words.next)),
    )
    if (moved) legend.focus()
  }
  ask()
  return [form]
}
