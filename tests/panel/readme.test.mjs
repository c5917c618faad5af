// The README's quick start, run as it is printed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Mohr } from '../../signer/panel/mohr.js';
import { Agent, memory, printed } from './agent.mjs';

const README = readFileSync(new URL('../../signer/panel/README.md', import.meta.url), 'utf8');
const [, QUICK_START] = /```js\n(import \{ Mohr \}.*?)```/s.exec(README);
const AsyncFunction = (async () => {}).constructor;

/** A panel that does what the quick start does, and notes what became of the prescription. */
function panel(ports, storage = memory()) {
  const notes = [];
  const note = (name) => (value) => void notes.push([name, value]);
  const here = {
    Mohr: printed(Mohr, ports, storage),
    button: {},
    octets: new TextEncoder().encode('{"items":[]}'),
    show: note('show'),
    tell: () => {},
    saveOnYourServer: note('saveOnYourServer'),
    sendUnsigned: note('sendUnsigned'),
    stop: note('stop'),
  };
  const script = new AsyncFunction(...Object.keys(here), QUICK_START.replace(/^import .*\n/, ''));
  return { done: script(...Object.values(here)), notes, storage, button: here.button };
}

/** The one request that came in at the agent. */
async function request(agent) {
  await agent.called('GET', '/v1/signing-requests/');
  return [...agent.requests.keys()][0];
}

test('the quick start saves the signature, and only then lets go of the request', async () => {
  const agent = await Agent.make();
  const { done, notes, storage } = panel({ 18717: agent.fetch }, await agent.pairedStore());
  const id = await request(agent);
  assert.ok(storage.kept.has('pending/rx-4711'));
  agent.sign(id);
  await done;
  assert.deepEqual(notes, [['saveOnYourServer', 'AAAA']]);
  assert.deepEqual([...storage.kept.keys()], ['pairing']);
});

test("the quick start sends nothing after a doctor's no", async () => {
  const agent = await Agent.make();
  const { done, notes } = panel({ 18717: agent.fetch }, await agent.pairedStore());
  agent.move(await request(agent), 'declined', { state: 'declined' });
  await done;
  assert.deepEqual(notes, [['stop', 'declined']]);
});

test('the quick start goes on unsigned where there is no agent', async () => {
  const { done, notes } = panel({});
  await done;
  assert.deepEqual(notes, [['sendUnsigned', 'no-answer']]);
});

test("the quick start's button pairs", async () => {
  const agent = await Agent.make();
  const { done, notes, storage, button } = panel({ 18717: agent.fetch });
  await done;
  await button.onclick();
  assert.deepEqual(notes.at(-1), ['show', agent.pairing.code]);
  assert.ok(storage.kept.has('pairing'));
});

test('every call that the README names exists', () => {
  const calls = [...README.matchAll(/(?:mohr\.|^\| `|· `)(\w+)\(/gm)].map(([, name]) => name);
  assert.ok(calls.length > 8);
  for (const name of calls) assert.equal(typeof Mohr.prototype[name], 'function', name);
});
