/**
 * The octets of Mohr's protocol: how they are written, and the agent's proof. Signed requests and answers are in
 * `messages.js`, a pairing's octets in `pairing.js`, those of events in `events.js`.
 *
 * Pure functions over WebCrypto, written from `docs/protocol.md`. They fetch nothing and keep nothing, so each
 * can be held against the agent's test vectors. A panel uses `mohr.js`, not this file.
 *
 * Keys are ECDSA P-256; signatures are r || s, 64 octets (RFC 9421 §3.3.4); points are uncompressed, 65 octets.
 *
 * @module
 */

/** @typedef {Uint8Array<ArrayBuffer>} Octets */

export const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
export const ECDSA_SHA256 = { name: 'ECDSA', hash: 'SHA-256' };
const encoder = new TextEncoder();

/** @param {string} text @returns {Octets} its UTF-8 octets */
export const utf8 = (text) => encoder.encode(text);

/** @param {number} length @returns {Octets} random octets */
export const random = (length) => crypto.getRandomValues(new Uint8Array(length));

/** @param {...Octets} parts @returns {Octets} */
export function concat(...parts) {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** @param {Octets} octets @returns {string} base64 with padding (RFC 4648 §4) */
export function base64(octets) {
  let binary = '';
  for (let at = 0; at < octets.length; at += 0x8000) {
    binary += String.fromCharCode(...octets.subarray(at, at + 0x8000));
  }
  return btoa(binary);
}

/** @param {string} text base64, or a browser's own error @returns {Octets} */
export const octets = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** @param {Octets} octets @returns {string} base64url without padding (RFC 4648 §5) */
export const b64u = (octets) => base64(octets).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');

/**
 * @param {unknown} text base64url without padding, in its one canonical spelling
 * @returns {Octets}
 * @throws {TypeError} where it is anything else
 */
export function unb64u(text) {
  if (typeof text !== 'string' || !/^[\w-]*$/.test(text)) throw new TypeError('not base64url');
  let read;
  try {
    read = octets(text.replace(/-/g, '+').replace(/_/g, '/'));
  } catch {
    throw new TypeError('not base64url');
  }
  if (b64u(read) !== text) throw new TypeError('not canonical base64url');
  return read;
}

/** @param {Octets} octets @returns {Promise<Octets>} */
export const sha256 = async (octets) => new Uint8Array(await crypto.subtle.digest('SHA-256', octets));

/** @param {string} label @returns {Octets} the label's ASCII octets and one 0x00 */
export const tagged = (label) => utf8(label + '\0');

/** @param {string} text @returns {Octets} u32(length) || its octets */
export function counted(text) {
  const octets = utf8(text);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, octets.length);
  return concat(length, octets);
}

/**
 * @param {Octets} point @param {Octets} signature @param {Octets} message
 * @returns {Promise<boolean>} false for a point that is none, too
 */
export async function verify(point, signature, message) {
  try {
    const key = await crypto.subtle.importKey('raw', point, ECDSA, false, ['verify']);
    return await crypto.subtle.verify(ECDSA_SHA256, key, signature, message);
  } catch {
    return false;
  }
}

/**
 * What the agent signs to prove itself.
 *
 * @param {string} origin @param {string} authority host:port @param {Octets} challenge
 * @returns {Octets}
 */
export const challengeMessage = (origin, authority, challenge) =>
  concat(tagged('mohr-agent-challenge-v1'), counted(origin), counted(authority), challenge);

/**
 * Is this the agent that we paired with, and does it listen where we asked?
 *
 * @param {Octets} agentPoint the pinned key
 * @param {string} origin
 * @param {string} authority the host:port that we sent the challenge to
 * @param {Octets} challenge what we sent
 * @param {unknown} proof what came back, b64u
 * @returns {Promise<boolean>}
 */
export async function proves(agentPoint, origin, authority, challenge, proof) {
  try {
    return await verify(agentPoint, unb64u(proof), challengeMessage(origin, authority, challenge));
  } catch {
    return false;
  }
}
