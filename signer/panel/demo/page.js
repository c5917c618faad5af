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

/**
 * Say how it stands: a state of the agent (`ready`, `no-answer` …), of a request (`consent`, `signing` …) or how one
 * ended (`signed`, `unsigned`, `stopped`), with its code where there is one.
 *
 * @param {string} state @param {string} [text] @param {string} [code]
 */
export function tell(state, text = '', code = '') {
  const place = at('progress');
  place.textContent = text;
  place.dataset.mohrState = state;
  place.dataset.mohrCode = code;
}
