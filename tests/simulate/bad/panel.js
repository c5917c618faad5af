/**
 * A small panel that does everything right but for the one mistake that its address names (`?mistake=…`).
 *
 * @module
 */

import { call } from './call.js';
import { Mohr } from './mohr.js';
import { browserStore } from './store.js';

const asked = new URLSearchParams(location.search);
const mistake = asked.get('mistake');
const port = Number(asked.get('agent'));
const base = `http://127.0.0.1:${port}`;
const mohr = new Mohr({ ports: [port] });
const REQUESTS = '/v1/signing-requests';
const FINAL = ['finished', 'declined', 'cancelled', 'failed'];

const hook = (name) => document.querySelector(`[data-mohr="${name}"]`);
const say = (word) => (document.getElementById('state').dataset.mohrState = word);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
let busy = false;
let controller = new AbortController();

function document_(id = `rx-${crypto.randomUUID()}`) {
  return { id, media_type: 'text/plain', content: `a prescription ${crypto.randomUUID()}`, format: 'cades' };
}

/** The word for how it ended. */
function word({ signed, state }) {
  if (mistake === 'said-signed') return 'signed';
  if (mistake === 'unsigned-after-no' && state === 'declined') return 'unsigned';
  return signed ? 'signed' : state === 'unavailable' ? 'unsigned' : 'stopped';
}

// --- without the SDK's care

const session = async () => ({
  fetch: fetch.bind(window),
  base,
  pairing: await browserStore().get('pairing'),
});

const post = async (json, idempotencyKey) => call(await session(), 'POST', REQUESTS, { json, idempotencyKey });

async function toItsEnd({ id, state }, wait, ms = 0) {
  while (!FINAL.includes(state)) {
    ({ state } = await call(await session(), 'GET', `${REQUESTS}/${id}?wait=${wait}`));
    await pause(ms);
  }
  return { signed: state === 'finished', state };
}

/** Mistakes that replace the signing altogether; each gives what `mohr.sign` gives. */
const SIGNING = {
  'document-before-proof': async () => toItsEnd(await post({ documents: [document_()] }, crypto.randomUUID()), 25),
  'sent-to-another': async () => toItsEnd(await post({ documents: [document_()] }, crypto.randomUUID()), 25),
  'sent-before-paired': async () => {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': 'rx' };
    await fetch(base + REQUESTS, { method: 'POST', headers, body: JSON.stringify({ documents: [document_()] }) });
    return properly();
  },
  'patient-in-name': () => properly(document_(`rx-0012345679-${crypto.randomUUID()}`)),
  'key-reused': async () => {
    const key = crypto.randomUUID();
    const first = await toItsEnd(await post({ documents: [document_()] }, key), 25);
    await post({ documents: [document_()] }, key).catch(() => {});
    return first;
  },
  'signed-twice': async () => {
    const documents = [document_()];
    const first = await post({ documents }, crypto.randomUUID()).catch(() => undefined);
    if (first) return toItsEnd(first, 25);
    while (!['ready', 'no-token'].includes((await mohr.detect()).state)) await pause(100);
    return toItsEnd(await post({ documents }, crypto.randomUUID()), 25);
  },
  'asked-after-no': async () => {
    const first = await properly();
    return first.state === 'declined' ? properly() : first;
  },
  'tried-again-by-itself': async () => {
    const first = await properly();
    return first.state === 'failed' ? properly() : first;
  },
  'polls-too-fast': async () => toItsEnd(await post({ documents: [document_()] }, crypto.randomUUID()), 0, 20),
  'wait-too-long': async () => {
    const taken = await post({ documents: [document_()] }, crypto.randomUUID());
    await call(await session(), 'GET', `${REQUESTS}/${taken.id}?wait=60`).catch(() => {});
    return toItsEnd(taken, 25);
  },
  'contract-broken': async () => {
    await post({ documents: [{ ...document_(), copies: 2 }] }, crypto.randomUUID()).catch(() => {});
    return properly();
  },
  'result-not-fetched': async () => {
    await post({ documents: [document_()] }, crypto.randomUUID());
    return { signed: true, state: 'finished' };
  },
  'unsigned-too-soon': async () => ({ signed: false, state: 'unavailable' }),
  'slow-to-go-on': async () => {
    const { state } = await (await mohr.detect()).final;
    if (state === 'ready') return properly();
    await pause(2000);
    return { signed: false, state: 'unavailable' };
  },
};

const properly = (doc = document_()) =>
  mohr.signOrGoOn([doc], { idempotencyKey: doc.id, signal: controller.signal, deadline: 3000 });

async function sign() {
  if (busy && mistake !== 'posted-twice') return;
  busy = true;
  controller = new AbortController();
  say('busy');
  try {
    const result = await (SIGNING[mistake] ?? properly)();
    if (mistake !== 'end-not-told') say(word(result));
    if (result.signed && result.idempotencyKey) await mohr.forget(result.idempotencyKey);
  } catch {
    if (mistake !== 'end-not-told') say('stopped');
  }
  busy = false;
}

async function resume() {
  if (mistake === 'lost-on-reload') return;
  for (const { idempotencyKey } of await mohr.pending()) {
    if (busy) return;
    busy = true;
    say('busy');
    const result = await mohr.resume(idempotencyKey).catch(() => ({ signed: false, state: 'failed' }));
    await mohr.forget(idempotencyKey);
    say(word(result));
    busy = false;
  }
}

async function pair() {
  hook('pair').hidden = true;
  const verdict = await mohr.pair({ onCode: () => {} }).catch(() => 'refused');
  if (verdict === 'accepted') return;
  if (mistake === 'pairing-nagged') await mohr.pair({ onCode: () => {} }).catch(() => {});
  hook('pair').hidden = false;
}

hook('sign').addEventListener('click', sign);
hook('pair').addEventListener('click', pair);
hook('cancel').addEventListener('click', () => {
  if (mistake === 'cancel-not-told') say('stopped');
  else controller.abort();
});
if (mistake === 'pin-in-page') document.getElementById('more').innerHTML = '<label>Token PIN <input name="token-pin"></label>';
if (mistake === 'page-error') setTimeout(() => missing.function(), 0);
if (mistake !== 'document-before-proof' || !(await browserStore().get('pairing'))) {
  const { state } = await (await mohr.detect()).final;
  hook('pair').hidden = state !== 'not-paired';
  if (state === 'ready') await resume();
}
if (document.getElementById('state').dataset.mohrState === 'busy' && !busy) say('idle');
