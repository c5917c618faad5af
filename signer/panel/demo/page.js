/**
 * Elements by their ids, and the word in which the page says to machines how it stands.
 *
 * @module
 */

/**
 * @typedef {HTMLElement & {disabled: boolean, value: string, placeholder: string, href: string, download: string,
 *   select(): void, reportValidity(): boolean}} Element
 */

/** @param {string} id @returns {Element} */
export const at = (id) => /** @type {any} */ (document.getElementById(id));

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Partial<Record<string, any>>} [properties] @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  const { testid, ...rest } = properties;
  Object.assign(element, rest);
  if (testid) element.dataset.testid = testid;
  element.append(...children);
  return element;
}

const ENDS = ['signed', 'unsigned', 'stopped'];
const UNDER_WAY = ['received', 'choosing', 'consent', 'signing'];

/**
 * Say how it stands, to a person and to a machine: `data-mohr-state` is `idle`, `busy`, or how a request ended; `data-mohr-step`
 * is the finer word, a state of the agent or of the request, and `data-mohr-code` its code where there is one.
 *
 * @param {string} step @param {string} [text] @param {string} [code]
 */
export function tell(step, text = '', code = '') {
  const place = at('progress');
  place.textContent = text;
  place.dataset.mohrState = ENDS.includes(step) ? step : UNDER_WAY.includes(step) ? 'busy' : 'idle';
  place.dataset.mohrStep = step;
  place.dataset.mohrCode = code;
}
