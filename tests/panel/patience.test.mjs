// What a panel need not wait for: every call ends with its signal or with time, and an agent that sleeps can be started.
import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';

import { Mohr } from '../../signer/panel/mohr.js';
import { start } from '../../signer/panel/start.js';
import { browserStore } from '../../signer/panel/store.js';
import { direct } from '../../signer/panel/ways.js';
import { CODES } from '../../signer/panel/words.js';
import { Agent, ORIGIN, hang, memory, network, refuse } from './agent.mjs';

const DOCUMENT = { id: 'rx-1', media_type: 'application/json', content: '{"a":1}' };
const turn = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => mock.timers.reset());

/** Let mocked time run, at most ten minutes of it, until the promise is settled: 'fulfilled' or 'rejected'. */
async function inTime(promise) {
  let settled;
  promise.then(
    () => (settled = 'fulfilled'),
    () => (settled = 'rejected'),
  );
  for (let i = 0; i < 2400 && !settled; i += 1) {
    mock.timers.tick(250);
    await turn();
  }
  return settled ?? 'still waiting';
}

const CALLS = {
  detect: (mohr, signal) => mohr.detect({ signal, deadline: 100_000 }),
  pair: (mohr, signal) => mohr.pair({ onCode: () => {}, signal }),
  credentials: (mohr, signal) => mohr.credentials({ signal }),
  sign: (mohr, signal) => mohr.sign([DOCUMENT], { signal }),
  signOrGoOn: (mohr, signal) => mohr.signOrGoOn([DOCUMENT], { signal, deadline: 100_000 }),
  signIn: (mohr, signal) => mohr.signIn('A'.repeat(43), { signal }),
  requestCertificate: (mohr, signal) =>
    mohr.requestCertificate({ given_name: 'a', surname: 'b', national_code: '0012345679' }, { signal }),
  importCertificate: (mohr, signal) => mohr.importCertificate('MAA=', { signal }),
  events: (mohr, signal) => mohr.events({ signal, onEvent: () => {} }),
};

const panel = (fetch, storage) => new Mohr({ ports: [18717], storage, origin: ORIGIN, way: direct('http', { fetch }) });

for (const [name, call] of Object.entries(CALLS)) {
  test(`${name} ends as soon as its signal aborts, though nothing ever answers`, async () => {
    const agent = await Agent.make();
    const controller = new AbortController();
    const calling = call(panel(hang, await agent.pairedStore()), controller.signal);
    const ended = calling.catch((error) => error);
    await turn();
    controller.abort(new Error('enough'));
    const outcome = await ended;
    assert.ok(outcome === undefined || /enough|abort/.test(String(outcome)), String(outcome));
  });

  // A stream that is lost is looked for until the panel has enough; all else has an end of its own.
  if (name !== 'events') {
    test(`${name} ends by itself where a port is open and silent`, async () => {
      const agent = await Agent.make();
      const storage = await agent.pairedStore();
      mock.timers.enable({ apis: ['setTimeout', 'Date'] });
      assert.notEqual(await inTime(call(panel(hang, storage))), 'still waiting');
    });
  }

  test(`${name} ends with its signal where the browser's storage never opens`, async () => {
    const controller = new AbortController();
    const never = () => new Promise(() => {});
    const calling = call(panel(refuse, { ...memory(), get: never }), controller.signal).catch((error) => error);
    await turn();
    controller.abort(new Error('enough'));
    const outcome = await calling;
    if (name === 'events') assert.equal(outcome, undefined);
    else assert.match(String(outcome), /enough/);
  });
}

test("the browser's own storage is given up where it does not open", async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  globalThis.indexedDB = { open: () => ({}) };
  t.after(() => delete globalThis.indexedDB);
  const reading = browserStore().get('pairing');
  assert.equal(await inTime(reading), 'rejected');
  await assert.rejects(reading, { code: 'storage-failed' });
});

test('silence says whether this browser was ever paired', async () => {
  const agent = await Agent.make();
  const never = await panel(refuse, memory()).detect();
  const before = await panel(refuse, await agent.pairedStore()).detect();
  assert.deepEqual([never, before].map(({ state, paired }) => [state, paired]), [
    ...[['no-answer', false], ['no-answer', true]],
  ]);
});

test('a browser that was never paired is not offered to start anything', async () => {
  await assert.rejects(panel(refuse, memory()).start(), { code: 'not-paired' });
});

test('an agent is started from a click alone', async () => {
  const page = { clicked: () => false, open: () => assert.fail('opened') };
  await assert.rejects(start(async () => ({ state: 'no-answer' }), { deadline: 1 }, page), { code: 'click-needed' });
});

test('an agent that was started is found as soon as it answers', async () => {
  const agent = await Agent.make();
  const ports = {};
  const mohr = panel(network(ports), await agent.pairedStore());
  const page = { clicked: () => true, open: () => (ports[18717] = agent.fetch) };
  const { state } = await start(() => mohr.detect(), { deadline: 10_000 }, page);
  assert.equal(state, 'ready');
});

test('an agent that does not start is no answer at the deadline', async () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  let opened = 0;
  const page = { clicked: () => true, open: () => (opened += 1) };
  const starting = start(async () => ({ state: 'no-answer' }), { deadline: 3000 }, page);
  assert.equal(await inTime(starting), 'fulfilled');
  assert.deepEqual([(await starting).state, opened], ['no-answer', 1]);
});

test('the codes of this file have words', () => {
  for (const code of ['click-needed', 'storage-failed']) assert.ok(CODES.includes(code), code);
});
