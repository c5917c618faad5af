/**
 * Starting an agent that is installed and does not run, by the address `mohr:` that its installation registers.
 *
 * A page cannot tell whether it is registered: where it is not, nothing happens and the wait ends without an agent.
 *
 * @module
 */

import { MohrError } from './errors.js';
import { REACHED } from './find.js';

/** @typedef {import('./mohr.js').Detection} Detection */

/** Milliseconds between looks. */
const LOOK_EVERY = 500;
const HERE = [...REACHED, 'not-paired', 'impostor'];

/**
 * @param {() => Promise<Detection>} look @param {{signal?: AbortSignal, deadline: number}} options
 * @param {{open: () => void, clicked: () => boolean}} [page] tests bring their own
 * @returns {Promise<Detection>} who answers by then
 * @throws {MohrError} `click-needed`, or the signal's reason
 */
export async function start(look, { signal, deadline }, page = { open, clicked }) {
  if (!page.clicked()) throw new MohrError('click-needed');
  const until = Date.now() + deadline;
  page.open();
  for (;;) {
    const found = await look();
    if (HERE.includes(found.state) || Date.now() >= until) return found;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    signal?.throwIfAborted();
  }
}

/** @returns {boolean} has somebody clicked in the last seconds? A browser asks before it starts a program, and only then */
const clicked = () => navigator.userActivation?.isActive !== false;

/** In a frame that is thrown away, since a browser that does not know the address would put its error in the page's place. */
function open() {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.src = 'mohr:';
  document.body.append(frame);
  setTimeout(() => frame.remove(), LOOK_EVERY);
}
