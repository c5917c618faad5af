/**
 * Today's prescriptions and how each stands. In memory: where a real panel asks its server, a reload forgets them here.
 *
 * @module
 */

import { at, make } from './page.js';
import { latin, number, say } from './text.js';

/** @typedef {import('./prescription.js').Draft} Draft */
/** @typedef {import('./server.js').Verdict} Verdict */

/**
 * @typedef {'waiting' | 'sent' | 'signed' | 'unsigned' | 'stopped' | 'unsettled' | 'replaced'} Standing
 *
 * @typedef {object} Entry
 * @property {string} id no patient in it: it outlives a reload in the browser's storage
 * @property {Draft} [draft] absent after a reload
 * @property {Uint8Array<ArrayBuffer>} [content] the octets that are signed
 * @property {Standing} standing
 * @property {() => string} [reason] a sentence in the language of the page, where it was not signed
 * @property {string} [signature] base64
 * @property {Verdict} [verdict] the server's
 */

/** @type {Entry[]} the latest first */
const entries = [];
/** @type {{onEdit: (entry: Entry) => void}} */
let handlers = { onEdit: () => {} };

/** @param {Entry} entry */
export function add(entry) {
  entries.unshift(entry);
  redraw();
}

/** @param {string} id @returns {Entry | undefined} */
export const find = (id) => entries.find((entry) => entry.id === id);

/** @returns {Entry[]} those that wait to be signed, the oldest first */
export const waiting = () => entries.filter(({ standing }) => standing === 'waiting').reverse();

/** @param {Entry} entry @param {Partial<Entry>} news */
export function update(entry, news) {
  Object.assign(entry, news);
  if (news.standing === 'signed' || news.standing === 'unsigned') {
    const before = find(entry.draft?.replaces ?? '');
    if (before) before.standing = 'replaced';
  }
  redraw();
}

/** @param {Entry} entry */
function drop(entry) {
  entries.splice(entries.indexOf(entry), 1);
  redraw();
}

/** @param {{onEdit: (entry: Entry) => void}} given */
export const open = (given) => void (handlers = given);

/** @param {Entry} entry @returns {string} an address of the signature's file, for the page's life */
export const fileOf = ({ signature = '' }) => {
  const octets = Uint8Array.from(atob(signature), (character) => character.charCodeAt(0));
  return URL.createObjectURL(new Blob([octets], { type: 'application/pkcs7-mime' }));
};

/** @type {Record<Standing, [tone: string, sign: string]>} */
const LOOKS = {
  ...{ waiting: ['', '○'], sent: ['seal', '…'], signed: ['ok', '✓'], unsigned: ['warn', '!'], stopped: ['bad', '✕'] },
  ...{ unsettled: ['warn', '?'], replaced: ['', '↻'] },
};

/** @param {Entry} entry */
function row(entry) {
  const { id, draft, standing, reason, verdict, signature } = entry;
  const [tone, sign] = LOOKS[standing];
  const chip = make('span', { className: `chip ${tone}`, testid: 'standing' }, make('span', { ariaHidden: 'true' }, sign), ` ${say(`state-${standing}`)}`);
  chip.dataset.standing = standing;
  const about = draft ? ` · ${say(draft.insurer)} · ${say('items', draft.lines.length)}` : '';
  const text = make('div', { className: 'says' }, make('strong', {}, draft?.patient.name ?? ''), make('span', { className: 'soft small' }, latin(id), about));
  if (reason) text.append(make('span', { className: 'small' }, reason()));
  if (verdict) {
    const good = verdict.verdict === 'valid';
    text.append(make('span', { className: `small verdict ${good ? 'ok' : 'bad'}`, testid: 'verdict' }, `${good ? '✓' : '✕'} ${say(good ? 'verdict-valid' : 'verdict-other')}`));
  }
  const buttons = make('div', { className: 'buttons' });
  /** @param {string} name @param {() => void} act */
  const button = (name, act) => {
    const made = make('button', { type: 'button', className: 'button small', testid: name }, say(name));
    made.addEventListener('click', act);
    buttons.append(made);
  };
  if (draft && ['signed', 'unsigned', 'stopped'].includes(standing)) button('edit', () => handlers.onEdit(entry));
  if (standing === 'waiting' || standing === 'stopped') button('drop', () => drop(entry));
  if (signature) buttons.append(make('a', { className: 'button small', href: fileOf(entry), download: `${id}.p7m` }, say('file')));
  const item = make('li', {}, make('div', { className: 'entry' }, text, chip));
  if (buttons.childElementCount) item.append(buttons);
  item.dataset.id = id;
  return item;
}

/** Say all of it, in the language of the page. */
export function redraw() {
  at('records').replaceChildren(...entries.map(row));
  at('nothing').hidden = entries.length > 0;
  at('counts').textContent = entries.length ? number(entries.length) : '';
  const several = waiting().length;
  at('many-bar').hidden = several === 0;
  at('sign-many').textContent = say('sign-many', several);
}
