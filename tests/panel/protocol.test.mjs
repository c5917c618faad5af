// The SDK's octets against the vectors that the agent's own implementation is held to.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import * as messages from '../../signer/panel/messages.js';
import * as protocol from '../../signer/panel/protocol.js';
import * as ceremony from '../../signer/panel/pairing.js';

const vectors = JSON.parse(
  readFileSync(new URL('../endpoint/vectors/protocol.json', import.meta.url), 'utf8'),
);
const octets = protocol.unb64u;

for (const pairing of vectors.pairings) {
  test(`both commitments and the six digits come out as the agent's: ${pairing.name}, ${pairing.origin}`, async () => {
    const panel = [octets(pairing.panel_point), octets(pairing.panel_nonce)];
    const agent = [octets(pairing.agent_point), octets(pairing.agent_nonce)];
    assert.equal(await ceremony.commitment('panel', ...panel), pairing.panel_commitment);
    assert.equal(await ceremony.commitment('agent', ...agent), pairing.agent_commitment);
    const code = await ceremony.pairingCode(pairing.origin, panel[0], agent[0], panel[1], agent[1]);
    assert.equal(code, pairing.code);
  });
}

for (const [name, key] of Object.entries(vectors.keys)) {
  test(`the keyid of the ${name}'s key is the hash of its point`, async () => {
    assert.equal(await ceremony.keyId(octets(key.point)), key.keyid);
  });
}

for (const vector of vectors.challenges) {
  test(`a proof is ${vector.verifies ? 'believed' : 'refused'}: ${vector.name}`, async () => {
    const asked = [vector.origin, vector.authority, octets(vector.challenge)];
    assert.equal(protocol.b64u(protocol.challengeMessage(...asked)), vector.message);
    assert.equal(await protocol.proves(octets(vector.agent_point), ...asked, vector.proof), vector.verifies);
  });
}

for (const request of vectors.requests) {
  test(`the signature base of a request is the agent's, octet by octet: ${request.name}`, async () => {
    const digest = await messages.contentDigest(protocol.utf8(request.body));
    assert.equal(digest, request.headers['Content-Digest']);
    const { base, input } = messages.requestBase({
      method: request.method,
      url: `http://${request.authority}${request.path}${request.query && `?${request.query}`}`,
      digest,
      idempotencyKey: request.idempotency_key ?? undefined,
      created: request.created,
      nonce: request.nonce,
      keyid: request.keyid,
    });
    assert.equal(base, request.signature_base);
    assert.equal(input, request.headers['Signature-Input']);
  });
}

for (const vector of vectors.answers) {
  test(`an answer is ${vector.verifies ? 'believed' : 'dropped'}: ${vector.name}`, async () => {
    const agent = { point: octets(vector.agent_point), keyid: vector.agent_keyid };
    const answer = {
      status: vector.status,
      headers: new Headers({ 'Content-Type': vector.content_type, ...vector.headers }),
      body: protocol.utf8(vector.body),
    };
    const verified = await messages.verifyAnswer(agent, `:${vector.request_signature}:`, answer);
    assert.equal(verified, vector.verifies);
  });
}

test('a signed request verifies under the key that signed it, and names it', async () => {
  const key = await ceremony.generateKey();
  const keyid = await ceremony.keyId(key.point);
  const request = {
    method: 'GET',
    url: 'http://127.0.0.1:18717/v1/credentials?x=1',
    body: protocol.utf8(''),
  };
  const { headers, signature } = await messages.signRequest({ ...key, keyid }, request);
  const [, created, nonce] = /created=([0-9]+);nonce="([\w-]{22})"/.exec(headers['Signature-Input']);
  const digest = headers['Content-Digest'];
  const { base } = messages.requestBase({ ...request, digest, created: Number(created), nonce, keyid });
  const point = await crypto.subtle.importKey(
    'raw',
    key.point,
    { name: 'ECDSA', namedCurve: 'P-256' },
    true,
    ['verify'],
  );
  const octets = Buffer.from(signature.slice(1, -1), 'base64');
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' };
  assert.ok(await crypto.subtle.verify(algorithm, point, octets, protocol.utf8(base)));
  assert.equal(headers.Signature, `mohr=${signature}`);
});

test("a panel's private key cannot be taken out of the browser", async () => {
  const { privateKey } = await ceremony.generateKey();
  assert.equal(privateKey.extractable, false);
  await assert.rejects(crypto.subtle.exportKey('jwk', privateKey));
});

for (const text of ['AA=', 'AA==', 'A+', 'A/', 'AB', 'A', ' AA', 'AAAAA', 7, null, undefined]) {
  test(`base64url in any but its one spelling is refused: ${JSON.stringify(text)}`, () => {
    assert.throws(() => protocol.unb64u(text), TypeError);
  });
}

test('large octets become base64 without exhausting the stack', () => {
  const large = new Uint8Array(3_000_001).fill(0xa5);
  assert.equal(protocol.base64(large), Buffer.from(large).toString('base64'));
});
