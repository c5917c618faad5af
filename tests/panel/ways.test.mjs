// The ways in as fetches: frames over a socket, and what becomes of a socket that breaks.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Mohr } from '../../signer/panel/mohr.js';
import { direct, wayOf } from '../../signer/panel/ways.js';
import { CODES, explain } from '../../signer/panel/words.js';
import { Agent, ORIGIN, memory } from './agent.mjs';

const text = (octets) => new TextDecoder().decode(octets);

/** A WebSocket whose other end is `fetch`, which hears of each frame as an HTTP request. */
function socketTo(fetch, { delay = 0 } = {}) {
  const made = [];
  const connect = (url) => {
    const socket = {
      url,
      sent: [],
      send(octets) {
        this.sent.push(octets);
        const at = octets.indexOf(10);
        const { id, method, target, headers } = JSON.parse(text(octets.subarray(0, at)));
        const rest = octets.slice(at + 1);
        const http = url.replace('ws', 'http').replace('/v1/socket', target);
        const answered = async () => {
          const answer = await fetch(http, { method, headers, body: rest.length ? rest : undefined });
          const line = { id, status: answer.status, headers: Object.fromEntries(answer.headers) };
          const body = new Uint8Array(await answer.arrayBuffer());
          const head = new TextEncoder().encode(JSON.stringify(line) + '\n');
          const frame = new Uint8Array(head.length + body.length);
          frame.set(head);
          frame.set(body, head.length);
          this.onmessage({ data: frame.buffer });
        };
        setTimeout(() => answered().catch(() => this.onclose()), delay);
      },
    };
    made.push(socket);
    setTimeout(() => socket.onopen?.(), 0);
    return socket;
  };
  return { connect, made };
}

test('the same calls are made and verified over a socket', async () => {
  const agent = await Agent.make();
  const storage = memory();
  const title = (name) => name.replace(/(^|-)[a-z]/g, (part) => part.toUpperCase());
  const { connect, made } = socketTo((url, { headers, ...init }) => {
    const titled = Object.entries(headers).map(([name, value]) => [title(name), value]);
    return agent.fetch(url, { ...init, headers: Object.fromEntries(titled), mode: 'cors', credentials: 'omit' });
  });
  const mohr = new Mohr({ ports: [18717], storage, origin: ORIGIN, way: direct('ws', { socket: connect }) });
  assert.equal(await mohr.pair({ onCode: () => {} }), 'accepted');
  assert.equal((await mohr.detect()).state, 'ready');
  assert.ok((await mohr.credentials()).length > 0);
  assert.equal(made.length, 1, 'one socket serves every call');
  assert.equal(made[0].url, 'ws://127.0.0.1:18717/v1/socket');
});

test('a secure socket goes to the port above', async () => {
  const { connect, made } = socketTo(async () => Response.json({ api: 1, paired: false }));
  const mohr = new Mohr({ ports: [18719], storage: memory(), origin: ORIGIN, way: direct('wss', { socket: connect }) });
  const { state, base } = await mohr.detect();
  assert.deepEqual([state, base], ['not-paired', 'https://127.0.0.1:18720']);
  assert.equal(made[0].url, 'wss://127.0.0.1:18720/v1/socket');
});

test('a socket that breaks loses what waited on it, and the next call opens another', async () => {
  let broken = true;
  const { connect, made } = socketTo(async () => {
    if (broken) throw new Error('cut');
    return Response.json({ fine: true });
  });
  const { fetch } = direct('ws', { socket: connect });
  const both = [fetch('http://127.0.0.1:1/a'), fetch('http://127.0.0.1:1/b')];
  for (const each of both) await assert.rejects(each, TypeError);
  broken = false;
  assert.deepEqual(await (await fetch('http://127.0.0.1:1/c')).json(), { fine: true });
  assert.equal(made.length, 2);
});

test('an aborted call is given up at once and its late answer is dropped', async () => {
  const { connect } = socketTo(async () => Response.json({ late: true }), { delay: 20 });
  const { fetch } = direct('ws', { socket: connect });
  const controller = new AbortController();
  const asked = fetch('http://127.0.0.1:1/a', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(asked, /enough/);
  assert.deepEqual(await (await fetch('http://127.0.0.1:1/b')).json(), { late: true });
  await assert.rejects(fetch('http://127.0.0.1:1/c', { signal: controller.signal }), /enough/);
});

test('safari is told apart from silence', async () => {
  const connect = () => {
    const socket = {};
    setTimeout(() => socket.onerror(), 0);
    return socket;
  };
  const way = direct('wss', { socket: connect });
  const { state } = await new Mohr({ ports: [18717], storage: memory(), origin: ORIGIN, way }).detect();
  assert.equal(state, 'no-answer-safari');
});

const BROWSERS = [
  ['http', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36'],
  ['http', 'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0'],
  ['ws', 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0'],
  ['wss', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Safari/605.1.15'],
];
for (const [way, agent] of BROWSERS) {
  test(`the way in is ${way} for ${agent.slice(-40)}`, () => assert.equal(wayOf(agent), way));
}

test('every code of the page has a sentence and a remedy in both languages', () => {
  for (const code of CODES) {
    for (const language of ['fa', 'en']) {
      const { title, remedy } = explain(code, language, 'Chrome/156');
      assert.ok(title.length > 8 && remedy.length > 8, `${code} ${language}`);
      assert.equal(/[\u0600-\u06ff]/.test(title), language === 'fa', `${code} ${language}`);
    }
  }
  assert.equal(explain('pin-wrong'), undefined);
});

const NAMES = [/Chrome/, /Edge/, /Firefox/, /Safari/];
for (const [index, [, agent]] of BROWSERS.entries()) {
  test(`what to do is said for the browser at hand: ${NAMES[index]}`, () => {
    for (const code of ['denied', 'permission-pending', 'popup-blocked']) {
      const { remedy } = explain(code, 'en', agent);
      const named = NAMES.filter((name) => name.test(remedy));
      // Safari asks for no permission, so there is none to grant.
      const none = code === 'permission-pending' && index === 3;
      assert.deepEqual(named, none ? [] : [NAMES[index]], `${code}: ${remedy}`);
    }
  });
}

test('no answer says install to a browser that was never paired, and start to one that was', () => {
  const remedies = [undefined, false, true].map((paired) => explain('no-answer', 'en', '', paired).remedy);
  assert.deepEqual(remedies.map((remedy) => [/Install/.test(remedy), /start\(\)/.test(remedy)]), [
    ...[[false, false], [true, false], [false, true]],
  ]);
});

/** A WebSocket whose other end the test plays: what was sent, line by line, and a way to answer. */
function played() {
  const sent = [];
  const socket = {
    send: (octets) => sent.push(JSON.parse(text(octets.subarray(0, octets.indexOf(10))))),
    say: (line, body = '') =>
      socket.onmessage({ data: new TextEncoder().encode(`${JSON.stringify(line)}\n${body}`).buffer }),
  };
  setTimeout(() => socket.onopen(), 0);
  return { socket, sent, fetch: direct('ws', { socket: () => socket }).fetch };
}

const sending = async (sent, count) => {
  while (sent.length < count) await new Promise((resolve) => setImmediate(resolve));
};

test('an answer without an end is read as it comes', async () => {
  const { socket, sent, fetch } = played();
  const asked = fetch('http://127.0.0.1:1/v1/events');
  await sending(sent, 1);
  socket.say({ id: 1, status: 200, headers: { 'content-type': 'text/event-stream' }, more: true }, 'a\n');
  const answer = await asked;
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'text/event-stream']);
  socket.say({ id: 1, more: true }, 'b\n');
  socket.say({ id: 1, more: false });
  socket.say({ id: 1, more: true }, 'after the end');
  assert.equal(await answer.text(), 'a\nb\n');
  assert.equal(sent.length, 1, 'what has ended is not hung up on');
});

test('who no longer reads hangs up, on a stream and on an answer that is waited for', async () => {
  const { socket, sent, fetch } = played();
  const controller = new AbortController();
  const asked = fetch('http://127.0.0.1:1/v1/events', { signal: controller.signal });
  await sending(sent, 1);
  socket.say({ id: 1, status: 200, headers: {}, more: true });
  const reading = (await asked).text();
  controller.abort();
  await assert.rejects(reading, { name: 'AbortError' });
  const left = fetch('http://127.0.0.1:1/v1/events');
  await sending(sent, 3);
  socket.say({ id: 2, status: 200, headers: {}, more: true });
  await (await left).body.cancel();
  const other = new AbortController();
  const waiting = fetch('http://127.0.0.1:1/c', { signal: other.signal });
  await sending(sent, 5);
  other.abort();
  await assert.rejects(waiting, { name: 'AbortError' });
  await sending(sent, 6);
  const cancelled = sent.filter(({ cancel }) => cancel).map(({ id }) => id);
  assert.deepEqual(cancelled, [1, 2, 3]);
});

test('a socket that breaks breaks its streams', async () => {
  const { socket, sent, fetch } = played();
  const asked = fetch('http://127.0.0.1:1/v1/events');
  await sending(sent, 1);
  socket.say({ id: 1, status: 200, headers: {}, more: true });
  const reading = (await asked).text();
  socket.onclose();
  await assert.rejects(reading, TypeError);
});
