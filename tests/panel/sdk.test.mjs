// The SDK against an agent that is honest until a test says otherwise.
import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';

import { Mohr, MohrError } from '../../signer/panel/mohr.js';
import { b64u, random } from '../../signer/panel/protocol.js';
import { direct } from '../../signer/panel/ways.js';
import { Agent, ORIGIN, hang, memory, network, refuse, relay } from './agent.mjs';

const DOCUMENT = { id: 'rx-1', media_type: 'application/json', content: new TextEncoder().encode('{"a":1}') };
const turn = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => mock.timers.reset());

/** A panel beside an agent on the first port. */
async function paired() {
  const agent = await Agent.make();
  const storage = await agent.pairedStore();
  const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: network({ 18717: agent.fetch }) }) });
  return { agent, storage, mohr };
}

/** Let mocked time run until the promise is settled. */
async function inTime(promise) {
  let settled = false;
  promise.catch(() => {}).finally(() => (settled = true));
  while (!settled) {
    mock.timers.tick(250);
    await turn();
  }
  return promise;
}

const failsWith =
  (code, more = {}) =>
  (error) => {
    assert.ok(error instanceof MohrError, String(error));
    assert.equal(error.code, code);
    for (const [name, value] of Object.entries(more)) assert.equal(error[name], value);
    return true;
  };

// --- detect

test('with every port closed, detect settles at once on no answer', async () => {
  const mohr = new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch: refuse }) });
  const { state, settled } = await mohr.detect();
  assert.deepEqual({ state, settled }, { state: 'no-answer', settled: true });
});

test('with ports that do not even refuse, detect answers at its deadline and tells the rest later', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let refusal;
  const late = new Promise((_, reject) => (refusal = reject));
  const mohr = new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch: () => late }) });
  let found;
  mohr.detect().then((detection) => (found = detection));
  mock.timers.tick(279);
  await turn();
  assert.equal(found, undefined);
  mock.timers.tick(1);
  await turn();
  assert.deepEqual([found.state, found.settled], ['no-answer', false]);
  refusal(new TypeError('Failed to fetch'));
  const { state, settled } = await inTime(found.final);
  assert.deepEqual([state, settled], ['no-answer', true]);
});

test('a storage that never opens does not hold detect past its deadline', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const storage = { ...memory(), get: () => new Promise(() => {}) };
  const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: refuse }) });
  const { state, settled } = await inTime(mohr.detect());
  assert.deepEqual([state, settled], ['no-answer', false]);
});

test('while the browser asks for permission, detect says so', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  withPermission(t, 'prompt');
  const mohr = new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch: hang }) });
  const { state, settled } = await inTime(mohr.detect());
  assert.deepEqual([state, settled], ['permission-pending', false]);
});

test("a fetch that the browser holds for a person's answer is never given up", async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  withPermission(t, 'prompt');
  let given = 0;
  const fetch = (url, { signal }) => hang(url, { signal }).finally(() => (given += 1));
  await inTime(new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch }) }).detect());
  for (let i = 0; i < 50; i += 1) {
    mock.timers.tick(15_000);
    await turn();
  }
  assert.equal(given, 0);
});

test('a server that accepts and says nothing is given up, where no prompt is open', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const mohr = new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch: hang }) });
  const { state } = await inTime((await inTime(mohr.detect())).final);
  assert.equal(state, 'no-answer');
});

test('a denial by the browser is told apart from an agent that is not there', async (t) => {
  withPermission(t, 'denied');
  const { state, settled } = await new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch: refuse }) }).detect();
  assert.deepEqual([state, settled], ['denied', true]);
});

test('an agent that does not know us is found, and is not paired', async () => {
  const agent = await Agent.make();
  const fetch = network({ 18719: agent.fetch });
  const { state, base } = await new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch }) }).detect();
  assert.deepEqual([state, base], ['not-paired', 'http://127.0.0.1:18719']);
});

test('an agent with the pinned key is ready, on whichever port it had to take', async () => {
  const { agent, storage } = await paired();
  const fetch = network({ 18717: refuse, 18719: hang, 18721: agent.fetch });
  const { state, settled, base, agent: said } = await new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch }) }).detect();
  assert.deepEqual([state, settled, base, said.name], ['ready', true, 'http://127.0.0.1:18721', 'Mohr']);
});

test("our own agent tells that another user's stands before it, and is used all the same", async () => {
  const { agent, mohr } = await paired();
  assert.equal((await mohr.detect()).agent.other_user, undefined);
  agent.onTheWay = async (response) => Response.json({ ...(await response.json()), other_user: true });
  const found = await mohr.detect();
  assert.equal(found.state, 'ready');
  assert.equal(found.agent.other_user, true);
});

test('the name localhost is never called', async () => {
  const hosts = new Set();
  const fetch = (url) => refuse(hosts.add(new URL(url).hostname));
  await new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch }) }).detect();
  assert.deepEqual([...hosts], ['127.0.0.1']);
});

const GIBBERISH = [
  ['another service', () => new Response('hello')],
  ['a JSON that is not ours', () => Response.json({ ok: true })],
  ['null', () => Response.json(null)],
  ['another version', () => Response.json({ api: 2, paired: true })],
];
for (const [name, answer] of GIBBERISH) {
  test(`what is not Mohr at all is no answer: ${name}`, async () => {
    const { storage } = await paired();
    const { state } = await new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: async () => answer() }) }).detect();
    assert.equal(state, 'no-answer');
  });
}

const PROOFS = [
  ['its own key', async (said) => ({ ...said, proof: (await someProof()).proof })],
  ['no proof', async ({ proof, ...said }) => said],
  ['a proof of another length', async (said) => ({ ...said, proof: b64u(random(63)) })],
  ['a proof that is no text', async (said) => ({ ...said, proof: 7 })],
];
for (const [name, forge] of PROOFS) {
  test(`a program that has taken the port is an impostor, and is sent no document: ${name}`, async () => {
    const { agent, mohr } = await paired();
    agent.onTheWay = async (response) => Response.json(await forge(await response.json()));
    assert.equal((await mohr.detect()).state, 'impostor');
    await assert.rejects(mohr.sign([DOCUMENT]), failsWith('impostor'));
    await assert.rejects(mohr.credentials(), failsWith('impostor'));
    assert.deepEqual(
      new Set(agent.calls.map(([method, path]) => method + path.slice(0, 9))),
      new Set(['GET/v1/agent']),
    );
  });
}

test('a proof that was recorded earlier is an impostor', async () => {
  const { agent, mohr } = await paired();
  let recorded;
  agent.onTheWay = async (response) => Response.json((recorded ??= await response.json()));
  assert.equal((await mohr.detect()).state, 'ready');
  assert.equal((await mohr.detect()).state, 'impostor');
});

test('a proof that was relayed from the agent behind another port is an impostor, and is sent no document', async () => {
  const { agent, storage } = await paired();
  const squatter = relay(agent, 40000);
  const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: network({ 18717: squatter.fetch }) }) });
  assert.equal((await mohr.detect()).state, 'impostor');
  await assert.rejects(mohr.sign([DOCUMENT]), failsWith('impostor'));
  const result = await mohr.signOrGoOn([DOCUMENT]);
  assert.deepEqual([result.state, result.reason], ['unavailable', 'impostor']);
  assert.deepEqual(new Set(squatter.seen.map(({ path }) => path)), new Set(['/v1/agent']));
  assert.equal(agent.requests.size, 0);
});

test('past a program that relays to the agent, the agent itself is found and gets the documents', async () => {
  const { agent, storage } = await paired();
  const squatter = relay(agent, 18719);
  const fetch = network({ 18717: squatter.fetch, 18719: agent.fetch });
  const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch }) });
  assert.equal((await mohr.detect()).base, 'http://127.0.0.1:18719');
  const signing = mohr.sign([DOCUMENT]);
  await agent.called('GET', '/v1/signing-requests/');
  agent.sign([...agent.requests.keys()][0]);
  assert.equal((await signing).signed, true);
  assert.deepEqual(new Set(squatter.seen.map(({ path }) => path)), new Set(['/v1/agent']));
});

test('detect ends with the reason of its signal', async () => {
  const mohr = new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch: hang }) });
  const controller = new AbortController();
  const reason = new Error('enough');
  const detection = mohr.detect({ signal: controller.signal });
  controller.abort(reason);
  await assert.rejects(detection, reason);
});

// --- pair

test('pairing shows the digits that the agent shows, and keeps both keys once the doctor accepts', async () => {
  const agent = await Agent.make();
  const storage = memory();
  const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: network({ 18717: agent.fetch }) }) });
  let shown;
  const verdict = await mohr.pair({ onCode: (code, expiresAt) => (shown = { code, expiresAt }) });
  assert.equal(verdict, 'accepted');
  assert.match(shown.code, /^[0-9]{6}$/);
  assert.equal(shown.code, agent.pairing.code);
  assert.ok(shown.expiresAt instanceof Date);
  assert.equal(storage.kept.get('pairing').privateKey.extractable, false);
  assert.equal((await mohr.detect()).state, 'ready');
  assert.equal((await mohr.credentials())[0].id, 'c-1');
});

for (const verdict of ['refused', 'expired']) {
  test(`a pairing that is ${verdict} keeps nothing`, async () => {
    const agent = await Agent.make();
    agent.answerPairing = verdict;
    const storage = memory();
    const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: network({ 18717: agent.fetch }) }) });
    assert.equal(await mohr.pair({ onCode: () => {} }), verdict);
    assert.equal(storage.kept.size, 0);
  });
}

const REVEALS = [
  ['another key', async (said) => ({ ...said, key: (await someProof()).point })],
  ['another nonce', async (said) => ({ ...said, nonce: b64u(random(32)) })],
  ['no key', async ({ key, ...said }) => said],
  ['a short nonce', async (said) => ({ ...said, nonce: 'AAAA' })],
];
for (const [name, forge] of REVEALS) {
  test(`an agent that opens its commitment to something else gets no digits: ${name}`, async () => {
    const agent = await Agent.make();
    const storage = memory();
    const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: network({ 18717: agent.fetch }) }) });
    agent.onTheWay = async (response, { method, path }) =>
      method === 'POST' && path !== '/v1/pairings'
        ? Response.json(await forge(await response.json()))
        : response;
    const onCode = mock.fn();
    await assert.rejects(mohr.pair({ onCode }), failsWith('pairing-forged'));
    assert.equal(onCode.mock.callCount(), 0);
    assert.equal(storage.kept.size, 0);
  });
}

test('a yes from a program that cannot prove the key it showed keeps nothing', async () => {
  const agent = await Agent.make();
  const storage = memory();
  const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: network({ 18717: agent.fetch }) }) });
  agent.onTheWay = async (response, { path }) => {
    if (path !== '/v1/agent' || !agent.paired) return response;
    return Response.json({ ...(await response.json()), proof: (await someProof()).proof });
  };
  await assert.rejects(mohr.pair({ onCode: () => {} }), failsWith('pairing-forged'));
  assert.equal(storage.kept.size, 0);
});

test('a pairing that was relayed, digits and all, keeps nothing', async () => {
  const agent = await Agent.make();
  const storage = memory();
  const squatter = relay(agent, 40000);
  const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: network({ 18717: squatter.fetch }) }) });
  let shown;
  const pairing = mohr.pair({ onCode: (code) => (shown = code) });
  await assert.rejects(pairing, failsWith('pairing-forged'));
  assert.equal(shown, agent.pairing.code);
  assert.equal(storage.kept.size, 0);
});

for (const [status, code, retriable] of [
  [409, 'pairing-busy', true],
  [429, 'too-many-requests', true],
  [403, 'origin-refused', false],
  [503, 'consent-surface-missing', true],
]) {
  test(`a pairing that is not begun says why: ${code}`, async () => {
    const agent = await Agent.make();
    const mohr = new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch: network({ 18717: agent.fetch }) }) });
    agent.onTheWay = (response, { path }) =>
      path === '/v1/pairings'
        ? Response.json({ code, title: 'call 0900' }, { status, headers: { 'Retry-After': '60' } })
        : response;
    await assert.rejects(mohr.pair({ onCode: () => {} }), (error) => {
      assert.notEqual(error.title, 'call 0900');
      return failsWith(code, { status, retriable, verified: false, retryAfter: 60 })(error);
    });
  });
}

test('after unpair the agent is not paired, whatever it says', async () => {
  const { mohr } = await paired();
  await mohr.unpair();
  assert.equal((await mohr.detect()).state, 'not-paired');
});

// --- sign

test('documents are posted as the octets that were given, and the signatures come back', async () => {
  const { agent, mohr } = await paired();
  const states = [];
  const signing = mohr.sign([DOCUMENT, { id: 'rx-2', media_type: 'text/plain', content: 'متن' }], {
    idempotencyKey: 'k-1',
    credential: 'c-1',
    onState: ({ state }) => states.push(state),
  });
  await agent.called('GET', '/v1/signing-requests/');
  const [[id, { text }]] = agent.requests;
  assert.deepEqual(JSON.parse(text), {
    documents: [
      { id: 'rx-1', media_type: 'application/json', content_base64: 'eyJhIjoxfQ==', format: 'cades' },
      { id: 'rx-2', media_type: 'text/plain', content: 'متن', format: 'cades' },
    ],
    credential: 'c-1',
  });
  agent.sign(id);
  const result = await signing;
  assert.equal(result.signed, true);
  assert.equal(result.reason, undefined);
  assert.equal(result.idempotencyKey, 'k-1');
  assert.deepEqual(
    result.documents.map(({ id, signature }) => [id, signature]),
    [
      ['rx-1', 'AAAA'],
      ['rx-2', 'AAAA'],
    ],
  );
  assert.deepEqual(states, ['consent', 'finished']);
});

test('a prototype in what a panel passes on pollutes nothing and is not posted', async () => {
  const { agent, mohr } = await paired();
  const crafted = JSON.parse('{"__proto__": {"polluted": 1}, "id": "__proto__", "media_type": "text/plain", "content": "a"}');
  const options = JSON.parse('{"__proto__": {"credential": "c-2", "signal": 1}, "idempotencyKey": "__proto__"}');
  const signing = mohr.sign([crafted], options);
  await agent.called('GET', '/v1/signing-requests/');
  const [[id, { text }]] = agent.requests;
  const document = { id: '__proto__', media_type: 'text/plain', content: 'a', format: 'cades' };
  assert.deepEqual(JSON.parse(text), { documents: [document] });
  agent.sign(id);
  assert.deepEqual((await signing).documents.map(({ id }) => id), ['__proto__']);
  assert.equal({}.polluted, undefined);
  await mohr.forget('__proto__');
  assert.deepEqual(await mohr.pending(), []);
});

test("a doctor's no is a result, and nothing is remembered of it", async () => {
  const { agent, storage, mohr } = await paired();
  const signing = mohr.signOrGoOn([DOCUMENT]);
  await agent.called('GET', '/v1/signing-requests/');
  const [id] = agent.requests.keys();
  agent.move(id, 'declined', { state: 'declined', problem: { code: 'consent-declined' } });
  const { signed, state, reason } = await signing;
  assert.deepEqual(
    { signed, state, reason },
    { signed: false, state: 'declined', reason: 'consent-declined' },
  );
  assert.deepEqual([...storage.kept.keys()], ['pairing']);
});

test('an abort cancels at the agent', async () => {
  const { agent, mohr } = await paired();
  const controller = new AbortController();
  const signing = mohr.sign([DOCUMENT], { signal: controller.signal });
  await agent.called('GET', '/v1/signing-requests/');
  controller.abort();
  const { signed, state } = await signing;
  assert.deepEqual({ signed, state }, { signed: false, state: 'cancelled' });
  assert.equal(agent.calls.filter(([method]) => method === 'DELETE').length, 1);
});

test('an abort that comes while the request is being posted still cancels it', async () => {
  const { agent, mohr } = await paired();
  const controller = new AbortController();
  agent.onTheWay = (response, { method }) => {
    if (method === 'POST') controller.abort();
    return response;
  };
  const { state } = await mohr.sign([DOCUMENT], { signal: controller.signal });
  assert.equal(state, 'cancelled');
});

test('an abort that comes too late gives the signature, not an error', async () => {
  const { agent, mohr } = await paired();
  const controller = new AbortController();
  const signing = mohr.sign([DOCUMENT], { signal: controller.signal });
  await agent.called('GET', '/v1/signing-requests/');
  agent.onTheWay = async (response, { method }) => {
    if (method === 'DELETE') return response;
    controller.abort();
    throw new DOMException('the answer was on its way', 'AbortError');
  };
  agent.sign([...agent.requests.keys()][0]);
  assert.equal((await signing).signed, true);
  assert.equal(agent.calls.at(-1)[0], 'DELETE');
});

test('an abort while the token is at work waits for what became of it, and asks once', async () => {
  const { agent, mohr } = await paired();
  agent.afterDelete = 'signing';
  const controller = new AbortController();
  const signing = mohr.sign([DOCUMENT], { signal: controller.signal });
  await agent.called('GET', '/v1/signing-requests/');
  controller.abort();
  await agent.called('DELETE', '/v1/signing-requests/');
  const waits = () => agent.calls.filter(([, path]) => path.includes('wait=')).length;
  const before = waits();
  while (waits() === before) await turn();
  agent.sign([...agent.requests.keys()][0]);
  assert.equal((await signing).signed, true);
  assert.equal(agent.calls.filter(([method]) => method === 'DELETE').length, 1);
});

test('an abort before anything was sent gives its own reason, and sends nothing', async () => {
  const { agent, mohr } = await paired();
  const reason = new Error('never mind');
  await assert.rejects(mohr.sign([DOCUMENT], { signal: AbortSignal.abort(reason) }), reason);
  assert.deepEqual(agent.calls, []);
});

const FORGERIES = [
  [
    'a signature put into the answer',
    async (response) => {
      const text = (await response.text()).replace('"pending"', '"signed","signature":"AAAA"');
      return new Response(text, response);
    },
  ],
  [
    'another status',
    async (response) => new Response(await response.text(), { status: 200, headers: response.headers }),
  ],
  [
    'another content type',
    async (response) => {
      const headers = new Headers(response.headers);
      headers.set('Content-Type', 'text/plain');
      return new Response(await response.text(), { status: response.status, headers });
    },
  ],
  ['no signature', async (response) => Response.json(await response.json(), { status: response.status })],
  [
    'an unsigned problem that is not about admission',
    async () => Response.json({ code: 'request-unknown' }, { status: 404 }),
  ],
  ['no JSON', async () => new Response('<html>', { status: 500 })],
];
for (const [name, forge] of FORGERIES) {
  test(`a forged answer is an error and changes nothing: ${name}`, async () => {
    const { agent, storage, mohr } = await paired();
    agent.onTheWay = (response, { method }) => (method === 'POST' ? forge(response) : response);
    await assert.rejects(
      mohr.sign([DOCUMENT], { idempotencyKey: 'k' }),
      failsWith('answer-unverified', { verified: false }),
    );
    assert.ok(storage.kept.has('pairing'));
    assert.ok(storage.kept.has('pending/k'));
  });
}

test('the answer to one request is not taken for the answer to another', async () => {
  const { agent, mohr } = await paired();
  let first;
  agent.onTheWay = async (response, { path }) => {
    if (path !== '/v1/credentials') return response;
    first ??= { body: await response.arrayBuffer(), headers: response.headers };
    return new Response(first.body, { headers: first.headers });
  };
  assert.equal((await mohr.credentials()).length, 1);
  await assert.rejects(mohr.credentials(), failsWith('answer-unverified'));
});

test('an answer that names another key than the pinned one is dropped', async () => {
  const { agent, mohr } = await paired();
  agent.keyid = b64u(random(32));
  await assert.rejects(mohr.credentials(), failsWith('answer-unverified'));
});

test('an abort while the post is being prepared sends nothing', async () => {
  const { agent, storage, mohr } = await paired();
  const controller = new AbortController();
  const reason = new Error('never mind');
  const { get } = storage;
  storage.get = (key) => {
    if (key.startsWith('pending/')) controller.abort(reason);
    return get(key);
  };
  await assert.rejects(mohr.sign([DOCUMENT], { signal: controller.signal }), reason);
  assert.equal(agent.requests.size, 0);
});

test('trying again under a key does not make the browser forget which request it was', async () => {
  const { agent, storage, mohr } = await paired();
  await storage.set('pending/k', { idempotencyKey: 'k', id: 'r-0', documents: ['rx-1'], at: Date.now() });
  agent.onTheWay = (response, { method }) => (method === 'POST' ? Response.json({}) : response);
  await assert.rejects(mohr.sign([DOCUMENT], { idempotencyKey: 'k' }), failsWith('answer-unverified'));
  assert.equal(storage.kept.get('pending/k').id, 'r-0');
});

test("an unsigned refusal is passed on by its code, but in the SDK's own words", async () => {
  const { agent, mohr } = await paired();
  agent.onTheWay = (response, { path }) =>
    path === '/v1/credentials'
      ? Response.json({ code: 'not-paired', title: 'call 0900', remedy: 'pay' }, { status: 401 })
      : response;
  await assert.rejects(mohr.credentials(), (error) => {
    assert.doesNotMatch(error.title + error.remedy, /0900|pay/);
    return failsWith('not-paired', { status: 401, verified: false })(error);
  });
});

test("the agent's own problems carry its words, and are remembered no more than their cause", async () => {
  const { agent, storage, mohr } = await paired();
  const signing = mohr.sign([DOCUMENT], { idempotencyKey: 'k' });
  await agent.called('GET', '/v1/signing-requests/');
  agent.sign([...agent.requests.keys()][0]);
  await signing;
  const other = { ...DOCUMENT, content: 'other' };
  const told = {
    status: 422,
    title: 'title of idempotency-conflict',
    remedy: 'remedy of idempotency-conflict',
    instance: 'i-1',
    verified: true,
    retriable: false,
  };
  await assert.rejects(mohr.sign([other], { idempotencyKey: 'k' }), failsWith('idempotency-conflict', told));
  assert.ok(storage.kept.has('pending/k'), 'the earlier signature is still there to be fetched');
});

test('an agent that restarts is found again, on another port too, and gets the same post under the same key', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { agent, storage } = await paired();
  const ports = { 18717: agent.fetch };
  const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: (url, init) => network(ports)(url, init) }) });
  const signing = mohr.sign([DOCUMENT], { idempotencyKey: 'k' });
  await agent.called('GET', '/v1/signing-requests/');
  const [[first, { text }]] = agent.requests;
  agent.onTheWay = () => refuse();
  agent.move(first, 'signing');
  agent.restart();
  agent.calls.length = 0;
  delete ports[18717];
  agent.onTheWay = (response) => response;
  ports[18719] = agent.fetch;
  const result = inTime(signing);
  while (!agent.requests.size) await turn();
  const [[second, again]] = agent.requests;
  assert.equal(again.text, text);
  assert.equal(again.key, 'k');
  agent.sign(second);
  assert.equal((await result).signed, true);
});

test('nothing more is sent to whoever holds the port after the agent, but for the question who it is', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { agent, storage } = await paired();
  const ports = { 18717: agent.fetch };
  const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: (url, init) => network(ports)(url, init) }) });
  agent.onTheWay = (response, { method }) => (method === 'POST' ? refuse() : response);
  const signing = mohr.sign([DOCUMENT], { idempotencyKey: 'k' });
  await agent.called('POST', '/v1/signing-requests');
  const squatter = relay(agent, 18719);
  ports[18717] = squatter.fetch;
  await assert.rejects(inTime(signing), failsWith('agent-lost', { retriable: true, status: 0 }));
  assert.deepEqual([...new Set(squatter.seen.map(({ path }) => path))], ['/v1/agent']);
});

test('an agent that stays away is an error that says to try again, and the request stays remembered', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { agent, storage, mohr } = await paired();
  const signing = mohr.sign([DOCUMENT], { idempotencyKey: 'k' });
  await agent.called('GET', '/v1/signing-requests/');
  agent.onTheWay = () => refuse();
  agent.move([...agent.requests.keys()][0], 'signing');
  await assert.rejects(inTime(signing), failsWith('agent-lost', { retriable: true, status: 0 }));
  assert.ok(storage.kept.get('pending/k').id);
});

// --- after a reload

test('after a reload a pending request is followed to its end by its name alone', async () => {
  const { agent, storage, mohr } = await paired();
  mohr.sign([DOCUMENT], { idempotencyKey: 'k' }).catch(() => {});
  await agent.called('GET', '/v1/signing-requests/');

  const reloaded = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: network({ 18717: agent.fetch }) }) });
  const [entry] = await reloaded.pending();
  assert.deepEqual([entry.idempotencyKey, entry.documents], ['k', ['rx-1']]);
  const resumed = reloaded.resume('k');
  agent.sign(entry.id);
  assert.equal((await resumed).documents[0].signature, 'AAAA');
});

test('what is remembered holds no content, and lasts until the panel has the signature safe', async () => {
  const { agent, storage, mohr } = await paired();
  const signing = mohr.sign([DOCUMENT], { idempotencyKey: 'k', purpose: 'visit' });
  await agent.called('GET', '/v1/signing-requests/');
  agent.sign([...agent.requests.keys()][0]);
  await signing;
  assert.deepEqual(Object.keys(storage.kept.get('pending/k')), ['idempotencyKey', 'id', 'documents', 'at']);
  assert.equal((await mohr.pending()).length, 1);
  assert.equal((await mohr.resume('k')).signed, true);
  await mohr.forget('k');
  assert.deepEqual(await mohr.pending(), []);
});

test('what the agent no longer keeps is not remembered either', async () => {
  const { storage, mohr } = await paired();
  const hour = 3600 * 1000;
  await storage.set('pending/old', {
    idempotencyKey: 'old',
    id: 'r',
    documents: ['a'],
    at: Date.now() - 25 * hour,
  });
  await storage.set('pending/new', {
    idempotencyKey: 'new',
    id: 'r',
    documents: ['a'],
    at: Date.now() - 23 * hour,
  });
  assert.deepEqual(
    (await mohr.pending()).map(({ idempotencyKey }) => idempotencyKey),
    ['new'],
  );
  assert.equal(storage.kept.has('pending/old'), false);
});

test('a request that the agent has forgotten cannot be resumed without its documents, and says what to do', async () => {
  const { agent, storage, mohr } = await paired();
  await storage.set('pending/k', { idempotencyKey: 'k', id: 'gone', documents: ['rx-1'], at: Date.now() });
  await assert.rejects(mohr.resume('k'), failsWith('request-unknown', { verified: true }));
  const signing = mohr.sign([DOCUMENT], { idempotencyKey: 'k' });
  await agent.called('GET', '/v1/signing-requests/r-');
  agent.sign([...agent.requests.keys()][0]);
  assert.equal((await signing).signed, true);
});

// --- signing in

test('a sign-in posts the nonce and nothing else, and gives what the agent made', async () => {
  const { agent, storage, mohr } = await paired();
  const states = [];
  const signingIn = mohr.signIn('A'.repeat(43), { onState: ({ state }) => states.push(state) });
  await agent.called('GET', '/v1/sign-ins/');
  const [id] = agent.requests.keys();
  agent.letIn(id, 'a.b.c');
  assert.deepEqual(await signingIn, {
    ...{ signedIn: true, state: 'finished', token: 'a.b.c', certificate: 'BBBB', reason: undefined },
  });
  assert.deepEqual(JSON.parse(agent.requests.get(id).text), { nonce: 'A'.repeat(43) });
  assert.deepEqual(states, ['consent', 'finished']);
  assert.deepEqual([...storage.kept.keys()], ['pairing']);
});

test("a doctor's no to a sign-in is an answer, not an error", async () => {
  const { agent, mohr } = await paired();
  const signingIn = mohr.signIn('A'.repeat(43));
  await agent.called('GET', '/v1/sign-ins/');
  agent.move([...agent.requests.keys()][0], 'declined');
  const { signedIn, state, reason, token } = await signingIn;
  assert.deepEqual([signedIn, state, reason, token], [false, 'declined', 'declined', undefined]);
});

test('aborting a sign-in cancels it at the agent', async () => {
  const { agent, mohr } = await paired();
  const stop = new AbortController();
  const signingIn = mohr.signIn('A'.repeat(43), { signal: stop.signal });
  await agent.called('GET', '/v1/sign-ins/');
  stop.abort();
  assert.equal((await signingIn).state, 'cancelled');
  assert.ok(agent.calls.some(([method, path]) => method === 'DELETE' && path.startsWith('/v1/sign-ins/')));
});

// --- going on unsigned

for (const [name, fetch, reason] of [
  ['a closed port', refuse, 'no-answer'],
  ['a port that does not even refuse', hang, 'no-answer'],
]) {
  test(`with no agent the panel goes on unsigned by the deadline: ${name}`, async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const storage = memory();
    const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch }) });
    const result = await inTime(mohr.signOrGoOn([DOCUMENT], { idempotencyKey: 'k' }));
    assert.deepEqual(result, {
      signed: false,
      state: 'unavailable',
      reason,
      idempotencyKey: 'k',
      documents: [],
    });
    assert.equal(storage.kept.size, 0);
  });
}

test('sign, unlike signOrGoOn, says that there is no agent as an error', async () => {
  const mohr = new Mohr({ storage: memory(), origin: ORIGIN, way: direct('http', { fetch: refuse }) });
  await assert.rejects(mohr.sign([DOCUMENT]), failsWith('no-answer', { retriable: true, status: 0 }));
});

/** A browser that knows the permission and says it is in that state. */
function withPermission(t, state) {
  const query = async ({ name }) => {
    if (name !== 'local-network-access') throw new TypeError('unknown name');
    return { state };
  };
  const had = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value: { permissions: { query } }, configurable: true });
  t.after(() => (had ? Object.defineProperty(globalThis, 'navigator', had) : delete globalThis.navigator));
}

/** A good proof of some other agent. */
async function someProof() {
  const other = await Agent.make();
  await other.pairedStore();
  const init = { mode: 'cors', credentials: 'omit' };
  const said = await (
    await other.fetch(`http://127.0.0.1:1/v1/agent?challenge=${b64u(random(32))}`, init)
  ).json();
  return { proof: said.proof, point: b64u(other.key.point) };
}
