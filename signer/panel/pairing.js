/**
 * Pairing, the panel's side: commit, reveal, check, show six digits, wait for the doctor (`docs/protocol.md`). Its octets
 * are pure functions, each held against the agent's test vectors.
 *
 * @module
 */

import { hearsay, LONGEST_WAIT, parsed, send } from './call.js';
import { MohrError } from './errors.js';
import { probe, REACHED } from './find.js';
import * as protocol from './protocol.js';

/** @typedef {import('./protocol.js').Octets} Octets */
/** @typedef {import('./call.js').Pairing} Pairing */
/** @typedef {import('./ways.js').Fetch} Fetch */
/** @typedef {'accepted' | 'refused' | 'expired'} Verdict */

/**
 * Agree on keys with whoever answers at `base`, and let the doctor tell whether it was Mohr.
 *
 * @param {{fetch: Fetch, base: string, origin: string, onCode: (code: string, expiresAt: Date) => void,
 *   signal?: AbortSignal}} options
 * @returns {Promise<{verdict: Verdict, pairing?: Pairing}>} `pairing` where the doctor accepted and the agent proved its key
 * @throws {MohrError}
 */
export async function agree({ fetch, base, origin, onCode, signal }) {
  const key = await generateKey();
  const nonce = protocol.random(32);
  const start = { commitment: await commitment('panel', key.point, nonce) };
  const offer = await ask(fetch, `${base}/v1/pairings`, { json: start, signal });
  const url = `${base}/v1/pairings/${encodeURIComponent(offer.id)}`;
  const reveal = { key: protocol.b64u(key.point), nonce: protocol.b64u(nonce) };
  const agent = await opened(await ask(fetch, url, { json: reveal, signal }), offer.commitment);
  const code = await pairingCode(origin, key.point, agent.point, nonce, agent.nonce);
  onCode(code, new Date(offer.expires_at));

  const verdict = await answer(fetch, url, signal);
  if (verdict !== 'accepted') return { verdict };
  const pairing = {
    privateKey: key.privateKey,
    keyid: await keyId(key.point),
    agent: { point: agent.point, keyid: await keyId(agent.point) },
  };
  const found = await probe(fetch, base, origin, pairing, signal);
  if (!REACHED.includes(found.state)) throw new MohrError('pairing-forged');
  return { verdict, pairing };
}

/**
 * A call while there is no pairing yet: neither it nor its answer is signed.
 *
 * @param {Fetch} fetch @param {string} url
 * @param {{json?: object, signal?: AbortSignal}} options
 * @returns {Promise<any>}
 * @throws {MohrError}
 */
async function ask(fetch, url, { json, signal }) {
  const body = json && protocol.utf8(JSON.stringify(json));
  const answer = await send(fetch, url, { method: body ? 'POST' : 'GET', body, signal });
  if (answer.status >= 400) throw hearsay(answer);
  return parsed(answer);
}

/** @param {Fetch} fetch @param {string} url @param {AbortSignal} [signal] @returns {Promise<Verdict>} */
async function answer(fetch, url, signal) {
  for (;;) {
    const { state } = await ask(fetch, `${url}?wait=${LONGEST_WAIT}`, { signal });
    if (state === 'accepted' || state === 'refused' || state === 'expired') return state;
    if (state !== 'waiting') throw new MohrError('answer-unverified');
  }
}

/**
 * The agent's key, if it is the one that the agent had committed to.
 *
 * @param {any} shown @param {unknown} promised
 * @returns {Promise<{point: Octets, nonce: Octets}>}
 */
async function opened(shown, promised) {
  try {
    const point = protocol.unb64u(shown.key);
    const nonce = protocol.unb64u(shown.nonce);
    const fits = point.length === 65 && nonce.length === 32;
    if (fits && (await commitment('agent', point, nonce)) === promised) return { point, nonce };
  } catch {
    // What is not base64url is not a key either.
  }
  throw new MohrError('pairing-forged');
}

/**
 * What a side sends before it shows its key.
 *
 * @param {'panel' | 'agent'} side
 * @param {Octets} point @param {Octets} nonce 32 octets
 * @returns {Promise<string>} b64u
 */
export const commitment = async (side, point, nonce) =>
  protocol.b64u(await protocol.sha256(protocol.concat(protocol.tagged(`mohr-pairing-${side}-v1`), point, nonce)));

/**
 * The six digits that the doctor compares.
 *
 * @param {string} origin as the browser sends it
 * @param {Octets} panelPoint @param {Octets} agentPoint @param {Octets} panelNonce @param {Octets} agentNonce
 * @returns {Promise<string>}
 */
export async function pairingCode(origin, panelPoint, agentPoint, panelNonce, agentNonce) {
  const label = protocol.tagged('mohr-pairing-code-v1');
  const digest = await protocol.sha256(protocol.concat(label, protocol.counted(origin), panelPoint, agentPoint, panelNonce, agentNonce));
  const number = new DataView(digest.buffer).getBigUint64(0) % 1000000n;
  return number.toString().padStart(6, '0');
}

/** @param {Octets} point @returns {Promise<string>} the name of a key: b64u of the point's SHA-256 */
export const keyId = async (point) => protocol.b64u(await protocol.sha256(point));

/** @returns {Promise<{privateKey: CryptoKey, point: Octets}>} a panel's key; its private half cannot leave the browser */
export async function generateKey() {
  const pair = /** @type {CryptoKeyPair} */ (
    await crypto.subtle.generateKey(protocol.ECDSA, false, ['sign', 'verify'])
  );
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  return { privateKey: pair.privateKey, point };
}
