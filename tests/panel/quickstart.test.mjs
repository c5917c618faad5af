// The code of docs/panel-quick-start.md, run as it is printed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { Mohr, MohrError } from '../../signer/panel/mohr.js';
import { explain } from '../../signer/panel/words.js';
import { Agent, memory, printed } from './agent.mjs';

const PAGE = readFileSync(new URL('../../docs/panel-quick-start.md', import.meta.url), 'utf8');
const BLOCKS = [...PAGE.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code.replace(/^import .*\n/gm, ''));
const AsyncFunction = (async () => {}).constructor;
const OCTETS = new TextEncoder().encode('{"items":[]}');

/** A panel that does what the page prints, and notes what became of it. */
async function panel(ports, storage = memory()) {
  const notes = [];
  const note = (name) => async (...values) => void notes.push([name, ...values]);
  const here = {
    ...{ MohrError, explain, connect: {}, takenBack: new AbortController().signal },
    Mohr: printed(Mohr, ports, storage),
    tell: (word) => void notes.push(['tell', word]),
    showLarge: (digits) => void notes.push(['showLarge', digits]),
    keepOnYourServer: note('keep'),
    saveOnYourServer: note('save'),
    sendUnsigned: note('unsigned'),
  };
  assert.equal(BLOCKS.length, 2);
  const script = new AsyncFunction(...Object.keys(here), `${BLOCKS.join('\n')}\nreturn prescribe;`);
  return { prescribe: await script(...Object.values(here)), notes, storage, connect: here.connect };
}

async function request(agent) {
  await agent.called('GET', '/v1/signing-requests/');
  return [...agent.requests.keys()][0];
}

test('connects from a click', async () => {
  const agent = await Agent.make();
  const { connect, notes } = await panel({ 18717: agent.fetch });
  await connect.onclick();
  assert.deepEqual(notes, [
    ['tell', explain('not-paired').title],
    ['showLarge', agent.pairing.code],
    ['tell', 'accepted'],
  ]);
});

test('keeps, signs, saves and only then forgets', async () => {
  const agent = await Agent.make();
  const { prescribe, notes, storage } = await panel({ 18717: agent.fetch }, await agent.pairedStore());
  const prescribing = prescribe('rx-1', OCTETS);
  agent.sign(await request(agent));
  await prescribing;
  const words = notes.map(([name, ...values]) => [name, values[0]]).filter(([name]) => name !== 'tell');
  assert.deepEqual(words, [['keep', 'rx-1'], ['save', 'rx-1']]);
  assert.deepEqual([...storage.kept.keys()], ['pairing']);
});

test("sends nothing after a doctor's no, and goes on unsigned where there is no agent", async () => {
  const agent = await Agent.make();
  const { prescribe, notes } = await panel({ 18717: agent.fetch }, await agent.pairedStore());
  const prescribing = prescribe('rx-1', OCTETS);
  agent.move(await request(agent), 'declined', { state: 'declined' });
  await prescribing;
  assert.deepEqual(notes.at(-1), ['tell', 'declined']);
  const alone = await panel({});
  await alone.prescribe('rx-2', OCTETS);
  assert.deepEqual(alone.notes.at(-1), ['unsigned', 'rx-2', 'no-answer']);
});
