// What draws messages comes when there is one to draw: most pages never need it.

import { forget, keep, read } from './kept.js'
import { options } from './options.js'
import { on, quietly } from './page.js'
import { hasHappened, onEvent } from './telling.js'

let loading

export const drawer = {
  load: () => {
    loading =
      loading ||
      import(`${options.host}/sdk/messages.js?v=${MESSAGES}`)
        .then(({ begin }) =>
          Object.assign(drawer, begin({ forget, keep, read, options, on, quietly, hasHappened, onEvent })),
        )
        .catch(() => (loading = undefined))
  },
}
