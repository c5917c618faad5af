// Asking for a certificate and handing one in, against an agent that is honest.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Mohr, MohrError } from '../../signer/panel/mohr.js';
import { direct } from '../../signer/panel/ways.js';
import { Agent, ORIGIN, network } from './agent.mjs';

const SUBJECT = { surname: 'نمونه', given_name: 'سارا', national_code: '0012345679', centre: 'مطب ونک' };
const REQUESTS = '/v1/certificate-requests';
const CERTIFICATES = '/v1/certificates';
const DER = new Uint8Array(60).map((_, at) => at);
const BASE64 = Buffer.from(DER).toString('base64');
const PEM = `-----BEGIN CERTIFICATE-----\r\n${BASE64.slice(0, 64)}\r\n${BASE64.slice(64)}\r\n-----END CERTIFICATE-----\r\n`;

async function paired() {
  const agent = await Agent.make();
  const storage = await agent.pairedStore();
  const mohr = new Mohr({ storage, origin: ORIGIN, way: direct('http', { fetch: network({ 18717: agent.fetch }) }) });
  return { agent, storage, mohr };
}

/** The one thing that was posted, once it is followed. */
async function posted(agent, path) {
  await agent.called('GET', `${path}/`);
  return [...agent.requests.keys()][0];
}

test('a request comes as PKCS #10 and as authorities take it, and the browser remembers nothing', async () => {
  const { agent, storage, mohr } = await paired();
  const states = [];
  const options = { key: 'ec-p256', idempotencyKey: 'c-1', onState: ({ state }) => states.push(state) };
  const asking = mohr.requestCertificate(SUBJECT, options);
  const id = await posted(agent, REQUESTS);
  assert.equal(
    agent.requests.get(id).text,
    '{"subject":{"given_name":"سارا","surname":"نمونه","national_code":"0012345679","centre":"مطب ونک"},"key":"ec-p256"}',
  );
  agent.done(id, { request: BASE64 });
  const { pem, ...rest } = await asking;
  assert.deepEqual(rest, {
    ...{ made: true, state: 'finished', request: BASE64, idempotencyKey: 'c-1', reason: undefined },
  });
  assert.equal(
    pem,
    `-----BEGIN CERTIFICATE REQUEST-----\n${BASE64.slice(0, 64)}\n${BASE64.slice(64)}\n-----END CERTIFICATE REQUEST-----\n`,
  );
  assert.deepEqual(states, ['consent', 'finished']);
  assert.deepEqual([...storage.kept.keys()], ['pairing']);
  const again = await mohr.requestCertificate({ ...SUBJECT }, { key: 'ec-p256', idempotencyKey: 'c-1' });
  assert.equal(again.request, BASE64);
  assert.equal(agent.requests.size, 1);
});

test("a doctor's no is an answer, not an error, and a failure says its code", async () => {
  const { agent, mohr } = await paired();
  const asking = mohr.requestCertificate(SUBJECT);
  agent.move(await posted(agent, REQUESTS), 'declined');
  const { made, state, reason, request, pem } = await asking;
  assert.deepEqual([made, state, reason, request, pem], [false, 'declined', 'declined', undefined, undefined]);
  agent.requests.clear();
  agent.calls.length = 0;
  const keeping = mohr.importCertificate(DER);
  const id = await posted(agent, CERTIFICATES);
  agent.move(id, 'failed');
  Object.assign(agent.requests.get(id).view, { problem: { code: 'certificate-without-key' } });
  const { kept, reason: why } = await keeping;
  assert.deepEqual([kept, why], [false, 'certificate-without-key']);
});

for (const [name, ask, path] of [
  ['a certificate request', (mohr, options) => mohr.requestCertificate(SUBJECT, options), REQUESTS],
  ['a certificate', (mohr, options) => mohr.importCertificate(PEM, options), CERTIFICATES],
]) {
  test(`aborting ${name} takes it back at the agent`, async () => {
    const { agent, mohr } = await paired();
    const stop = new AbortController();
    const asking = ask(mohr, { signal: stop.signal });
    await posted(agent, path);
    stop.abort();
    assert.equal((await asking).state, 'cancelled');
    assert.ok(agent.calls.some(([method, called]) => method === 'DELETE' && called.startsWith(`${path}/`)));
  });

  test(`${name} whose signal is aborted before sends nothing`, async () => {
    const { agent, mohr } = await paired();
    await assert.rejects(ask(mohr, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    assert.equal(agent.requests.size, 0);
  });

  test(`${name} survives an agent that was restarted, under the same key`, async () => {
    const { agent, mohr } = await paired();
    const asking = ask(mohr, { onState: () => {} });
    const first = await posted(agent, path);
    const { key } = agent.requests.get(first);
    agent.restart();
    while (!agent.requests.size) await new Promise((resolve) => setTimeout(resolve, 10));
    const [id] = agent.requests.keys();
    assert.equal(agent.requests.get(id).key, key);
    agent.done(id, { request: BASE64, credential: 'c-1' });
    assert.equal((await asking).state, 'finished');
  });
}

test('a certificate is handed in as DER, whether it comes as PEM, as base64 or as octets', async () => {
  for (const certificate of [PEM, BASE64, DER]) {
    const { agent, mohr } = await paired();
    const keeping = mohr.importCertificate(certificate, { chain: [PEM, DER] });
    const id = await posted(agent, CERTIFICATES);
    assert.deepEqual(JSON.parse(agent.requests.get(id).text), { certificate: BASE64, chain: [BASE64, BASE64] });
    agent.done(id, { credential: 'c-1' });
    const { kept, credential } = await keeping;
    assert.deepEqual([kept, credential], [true, 'c-1']);
  }
});

test('what the agent refuses is a MohrError', async () => {
  const { agent, mohr } = await paired();
  agent.onTheWay = (response, { path }) => (path === REQUESTS ? new Response('', { status: 200 }) : response);
  await assert.rejects(mohr.requestCertificate(SUBJECT), (error) => error instanceof MohrError);
});
