/**
 * A small prescribing panel on Mohr's client, to be copied: which module does what, and what happens when.
 *
 * `agent.js` finds and pairs, `draft.js` is the sheet, `signing.js` has prescriptions signed, `records.js` lists them,
 * `ending.js` tells how it ended, `server.js` is the panel's own server. `?agent=PORT` points it at an agent on another
 * port; a real panel has no such switch.
 *
 * @module
 */

import { Mohr } from '../mohr.js';
import { AgentStrip, inWords } from './agent.js';
import * as draft from './draft.js';
import * as ending from './ending.js';
import { at } from './page.js';
import * as records from './records.js';
import * as server from './server.js';
import { Signing, written } from './signing.js';
import { language, say, speak } from './text.js';

const port = Number(new URLSearchParams(location.search).get('agent'));
const mohr = new Mohr(port ? { ports: [port] } : {});
const agent = new AgentStrip(mohr, draft.redrawDoctor);
const signing = new Signing(
  mohr,
  () => agent.state === 'ready' || agent.state === 'no-token',
  (kind) => kind !== 'stopped' && draft.begin(),
);

async function signOne() {
  if (signing.again) return signing.again();
  const entry = written(draft.read());
  records.add(entry);
  await signing.send([entry]);
}

function queue() {
  if (!at('draft').reportValidity()) return;
  records.add(written(draft.read()));
  draft.begin();
  at('drug').focus();
}

async function signIn() {
  at('sign-in').disabled = true;
  const here = await server.letsIn();
  try {
    // A nonce is the server's to make; one of the page's own is good for showing how it goes, and for nothing else.
    const nonce = here ? await server.nonce() : freshNonce();
    const { signedIn, token = '', reason = '' } = await mohr.signIn(nonce);
    if (!signedIn) return ending.show('stopped', () => ({ title: say('sign-in-declined'), more: `(${reason})` }), { code: reason });
    if (!here) return ending.show('unsigned', () => ({ title: say('sign-in'), more: say('sign-in-unchecked') }));
    const { doctor } = await server.letIn(token);
    const more = () => (doctor ? say('sign-in-yes') + doctor : say('sign-in-no'));
    ending.show(doctor ? 'signed' : 'stopped', () => ({ title: say('sign-in'), more: more() }));
  } catch (error) {
    ending.show('stopped', () => ({ title: say('sign-in-declined'), more: inWords(error) }));
  } finally {
    at('sign-in').disabled = false;
  }
}

/** @returns {string} 256 bits, base64url */
function freshNonce() {
  const octets = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...octets)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');
}

/** @param {import('../words.js').Language} chosen */
function write(chosen) {
  speak(chosen);
  at('language').textContent = chosen === 'fa' ? 'EN' : 'فا';
  at('language').lang = chosen === 'fa' ? 'en' : 'fa';
  at('theme').title = say('theme');
  at('theme').setAttribute('aria-label', say('theme'));
  draft.redraw();
  records.redraw();
  agent.redraw();
  ending.redraw();
}

function toggleTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
}

draft.open(() => agent.credentials);
records.open({
  onEdit: ({ draft: before, id, standing }) => {
    if (!before || signing.busy || signing.again) return;
    // What was never sent is not replaced by anything.
    draft.edit(before, standing === 'stopped' ? before.replaces : id);
  },
});
at('draft').addEventListener('submit', (event) => {
  event.preventDefault();
  if (!signing.busy) signOne();
});
// Ctrl+Enter signs from anywhere in the sheet.
at('draft').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) /** @type {HTMLFormElement} */ (/** @type {unknown} */ (at('draft'))).requestSubmit(at('sign'));
});
at('queue').addEventListener('click', queue);
at('sign-many').addEventListener('click', () => signing.busy || signing.send(records.waiting()));
at('sign-in').addEventListener('click', signIn);
at('theme').addEventListener('click', toggleTheme);
at('language').addEventListener('click', () => write(language === 'fa' ? 'en' : 'fa'));

write(new URLSearchParams(location.search).get('language') === 'en' ? 'en' : 'fa');
await agent.look();
if (agent.state === 'ready' || agent.state === 'no-token') await signing.resume();
