/**
 * Pairing, the panel's side: commit, reveal, check, show six digits, wait for the doctor (`docs/protocol.md`).
 *
 * @module
 */

import { ask, LONGEST_WAIT } from './call.js';
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
  const key = await protocol.generateKey();
  const nonce = protocol.random(32);
  const start = { commitment: await protocol.commitment('panel', key.point, nonce) };
  const offer = await ask(fetch, `${base}/v1/pairings`, { json: start, signal });
  const url = `${base}/v1/pairings/${encodeURIComponent(offer.id)}`;
  const reveal = { key: protocol.b64u(key.point), nonce: protocol.b64u(nonce) };
  const agent = await opened(await ask(fetch, url, { json: reveal, signal }), offer.commitment);
  const code = await protocol.pairingCode(origin, key.point, agent.point, nonce, agent.nonce);
  onCode(code, new Date(offer.expires_at));

  const verdict = await answer(fetch, url, signal);
  if (verdict !== 'accepted') return { verdict };
  const pairing = {
    privateKey: key.privateKey,
    keyid: await protocol.keyId(key.point),
    agent: { point: agent.point, keyid: await protocol.keyId(agent.point) },
  };
  const found = await probe(fetch, base, origin, pairing, signal);
  if (!REACHED.includes(found.state)) throw new MohrError('pairing-forged');
  return { verdict, pairing };
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
 * @param {any} shown @param {unknown} commitment
 * @returns {Promise<{point: Octets, nonce: Octets}>}
 */
async function opened(shown, commitment) {
  try {
    const point = protocol.unb64u(shown.key);
    const nonce = protocol.unb64u(shown.nonce);
    const fits = point.length === 65 && nonce.length === 32;
    if (fits && (await protocol.commitment('agent', point, nonce)) === commitment) return { point, nonce };
  } catch {
    // What is not base64url is not a key either.
  }
  throw new MohrError('pairing-forged');
}
