/**
 * The card that tells how it ended.
 *
 * @module
 */

import { at, make, tell } from './page.js';
import { fileOf } from './records.js';
import { latin, say } from './text.js';

/** @typedef {'signed' | 'unsigned' | 'stopped'} Kind what a machine reads in `data-mohr-state` */
/** @typedef {[string, string | Node]} Fact */
/** @typedef {{title: string, more: string, facts?: Fact[]}} Told */

/**
 * @typedef {object} Extra
 * @property {import('./records.js').Entry} [entry] whose signature can be taken here
 * @property {string} [code]
 * @property {() => void} [onNext]
 * @property {() => void} [onRetry] the same once more, where that may help
 */

/** @type {() => void} */
let draw = () => {};

/** @param {Kind} kind @param {() => Told} words in the language of the page @param {Extra} [extra] */
export function show(kind, words, { entry, code, onNext, onRetry } = {}) {
  const card = at('result');
  card.dataset.kind = kind;
  at('result-sign').textContent = { signed: '✓', unsigned: '!', stopped: '✕' }[kind];
  draw = () => {
    const { title, more, facts = [] } = words();
    at('result-title').textContent = title;
    at('result-more').textContent = more;
    at('result-facts').replaceChildren(
      ...facts.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value))),
    );
    at('download').replaceChildren(say('download'), latin('(.p7m)'));
    at('next').textContent = say(kind === 'stopped' ? 'back' : 'next');
  };
  draw();
  at('download').hidden = !entry?.signature;
  if (entry?.signature) {
    at('download').href = fileOf(entry);
    at('download').download = `${entry.id}.p7m`;
  }
  at('retry').hidden = !onRetry;
  at('retry').onclick = onRetry ?? null;
  at('next').onclick = () => {
    hide();
    onNext?.();
  };
  card.hidden = false;
  card.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
  tell(kind, '', code);
}

/** Say it again, in the language of the page. */
export const redraw = () => draw();

export const hide = () => void (at('result').hidden = true);
