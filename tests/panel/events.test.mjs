// The event stream in a panel: what is believed, what becomes of a stream that is lost, and one stream for all tabs.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { Mohr } from '../../signer/panel/mohr.js';
import { direct } from '../../signer/panel/ways.js';
import { Agent, ORIGIN, memory, refuse } from './agent.mjs';

const absent = { state: 'absent', tokens: [], problem: 'token-absent' };
const ready = { state: 'ready', tokens: [{ label: 'مطب', credentials: ['c-1'] }] };
const open = { id: 'r-1', state: 'consent', signed: 0, failed: 0, total: 1 };

/** One tab of the panel: what it heard, and how to close it. */
async function tab(agent, { storage } = {}) {
  const way = direct('http', { fetch: agent.fetch });
  const mohr = new Mohr({ ports: [18717], storage: storage ?? (await agent.pairedStore()), origin: ORIGIN, way });
  const closing = new AbortController();
  const heard = [];
  const problems = [];
  const ended = mohr.events({
    signal: closing.signal,
    onEvent: ({ event, id }) => heard.push(`${event} ${id}`),
    onProblem: ({ code }) => problems.push(code),
  });
  ended.catch(() => {});
  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    heard,
    problems,
    ended,
    until,
    has: (...expected) => until(() => expected.every((each) => heard.includes(each))),
    close: async () => {
      closing.abort();
      await ended;
    },
  };
}

test('events come as they happen, and closing hangs up', async () => {
  const agent = await Agent.make();
  const panel = await tab(agent);
  const stream = await agent.stream(0);
  await stream.say('tokens', 'x-1', absent);
  await panel.has('tokens x-1');
  await stream.say('request', 'x-2', open);
  await panel.has('request x-2');
  assert.deepEqual(panel.heard, ['tokens x-1', 'request x-2']);
  await panel.close();
  await panel.until(() => !stream.open);
  assert.deepEqual(panel.problems, []);
});

test('a stream that is lost is opened again and goes on after the last event', async () => {
  const agent = await Agent.make();
  const panel = await tab(agent);
  const first = await agent.stream(0);
  assert.equal(first.lastId, undefined);
  await first.say('tokens', 'x-1', ready);
  await panel.has('tokens x-1');
  first.end();
  const second = await agent.stream(1);
  assert.equal(second.lastId, 'x-1');
  assert.deepEqual(panel.problems, ['agent-lost']);
  await second.say('tokens', 'x-2', absent);
  await panel.has('tokens x-2');
  await panel.close();
});

for (const [why, forge] of [
  ['is signed for something else', (stream) => stream.say('tokens', 'x-1', ready, { forged: true })],
  ['is none', (stream) => stream.say('tokens\ndata: {}', 'x-1', ready)],
]) {
  test(`an event that ${why} is dropped, and its stream with it`, async () => {
    const agent = await Agent.make();
    const panel = await tab(agent);
    const stream = await agent.stream(0);
    await forge(stream);
    await agent.stream(1);
    assert.deepEqual([panel.heard, panel.problems], [[], ['answer-unverified']]);
    assert.ok(!stream.open);
    await panel.close();
  });
}

test('a stream that says nothing at all is given up', async () => {
  const agent = await Agent.make();
  agent.silent = true;
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const panel = await tab(agent);
    await agent.stream(0);
    for (let second = 0; second < 16; second += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      mock.timers.tick(1000);
    }
    await panel.until(() => panel.problems.length === 1);
    assert.deepEqual(panel.problems, ['agent-lost']);
    await panel.close();
  } finally {
    mock.timers.reset();
  }
});

test('where trying again would not help it ends with the reason', async () => {
  const agent = await Agent.make();
  agent.paired = undefined;
  const panel = await tab(agent, { storage: memory() });
  await assert.rejects(panel.ended, { code: 'not-paired' });
});

test('an agent that is not there is looked for again', async () => {
  const agent = await Agent.make();
  let started = false;
  const fetch = (url, init) => (started ? agent.fetch(url, init) : refuse());
  const panel = await tab({ fetch }, { storage: await agent.pairedStore() });
  await panel.until(() => panel.problems.length === 1);
  started = true;
  await agent.stream(0);
  assert.deepEqual(panel.problems, ['no-answer']);
  await panel.close();
});

test('one tab reads for all, a later one hears how things are, and the next takes over', async () => {
  const agent = await Agent.make();
  const storage = await agent.pairedStore();
  const first = await tab(agent, { storage });
  const stream = await agent.stream(0);
  await stream.say('tokens', 'x-1', ready);
  await stream.say('request', 'x-2', open);
  await stream.say('request', 'x-3', { ...open, id: 'r-2', state: 'finished' });
  await first.has('request x-3');

  const second = await tab(agent, { storage });
  await second.has('tokens x-1', 'request x-2');
  await stream.say('tokens', 'x-4', absent);
  await Promise.all([first.has('tokens x-4'), second.has('tokens x-4')]);
  assert.ok(!second.heard.includes('request x-3'), 'what is finished is not how things are');
  assert.equal(agent.streams.length, 1);

  await first.close();
  const taken = await agent.stream(1);
  assert.equal(taken.lastId, 'x-4');
  await taken.say('tokens', 'x-5', ready);
  await second.has('tokens x-5');
  assert.ok(!first.heard.includes('tokens x-5'));
  await second.close();
});

test('what another page of the origin says on the channel ends nothing', async () => {
  const agent = await Agent.make();
  const panel = await tab(agent);
  const stream = await agent.stream(0);
  const channel = new BroadcastChannel('mohr-events');
  const others = [null, 7, 'x', {}, { happening: null }, { happening: { event: 'request' } }, { to: 1, asks: {} }];
  for (const said of others) channel.postMessage(said);
  channel.postMessage({ problem: 'agent-lost' });
  await panel.until(() => panel.problems.length === 1);
  await stream.say('tokens', 'x-1', ready);
  await panel.has('tokens x-1');
  assert.deepEqual(panel.heard, ['tokens x-1']);
  assert.equal(agent.streams.length, 1);
  channel.close();
  await panel.close();
});

test('what a restart of the agent forgot is told to no later tab', async () => {
  const agent = await Agent.make();
  const storage = await agent.pairedStore();
  const first = await tab(agent, { storage });
  const before = await agent.stream(0);
  await before.say('request', 'x-1', open);
  await first.has('request x-1');
  before.end();
  await (await agent.stream(1)).say('tokens', 'y-1', ready);
  await first.has('tokens y-1');
  const second = await tab(agent, { storage });
  await second.has('tokens y-1');
  assert.deepEqual(second.heard, ['tokens y-1']);
  await Promise.all([first.close(), second.close()]);
});

test('a tab without locks reads by itself', async () => {
  const agent = await Agent.make();
  const storage = await agent.pairedStore();
  const locks = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(navigator), 'locks');
  Object.defineProperty(navigator, 'locks', { value: undefined, configurable: true });
  try {
    const tabs = [await tab(agent, { storage }), await tab(agent, { storage })];
    await agent.stream(1);
    await Promise.all(tabs.map((each) => each.close()));
  } finally {
    delete navigator.locks;
  }
  assert.ok(locks && navigator.locks);
});
