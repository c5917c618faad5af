/**
 * The octets of Mohr's protocol: the agent's proof, signed requests, signed answers. Those of a pairing are in
 * `pairing.js`, those of events in `events.js`.
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
const ECDSA_SHA256 = { name: 'ECDSA', hash: 'SHA-256' };
const encoder = new TextEncoder();

const COMPONENTS = '"@method" "@authority" "@path" "@query" "content-digest"';
const ANSWER_INPUT = new RegExp(
  '^mohr=(\\("@status" "content-type" "content-digest" "signature";req;key="mohr"\\)' +
    ';created=[0-9]{1,15};keyid="([\\w-]{43})";alg="ecdsa-p256-sha256";tag="mohr-agent")$',
);

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

/** @param {Octets} body @returns {Promise<string>} a Content-Digest (RFC 9530 §2) */
export const contentDigest = async (body) => `sha-256=:${base64(await sha256(body))}:`;

/**
 * The signature base of a request (RFC 9421 §2.5) and the Signature-Input that goes with it.
 *
 * @param {{method: string, url: string, digest: string, idempotencyKey?: string,
 *   created: number, nonce: string, keyid: string}} request `created` is in Unix seconds, `nonce` b64u
 * @returns {{base: string, input: string}}
 */
export function requestBase({ method, url, digest, idempotencyKey, created, nonce, keyid }) {
  const { host, pathname, search } = new URL(url);
  const keyed = idempotencyKey !== undefined;
  const params =
    `(${COMPONENTS}${keyed ? ' "idempotency-key"' : ''});created=${created};nonce="${nonce}"` +
    `;keyid="${keyid}";alg="ecdsa-p256-sha256";tag="mohr-panel"`;
  const lines = [
    `"@method": ${method}`,
    `"@authority": ${host}`,
    `"@path": ${pathname}`,
    `"@query": ${search || '?'}`,
    `"content-digest": ${digest}`,
    ...(keyed ? [`"idempotency-key": ${idempotencyKey}`] : []),
    `"@signature-params": ${params}`,
  ];
  return { base: lines.join('\n'), input: `mohr=${params}` };
}

/**
 * The headers that make a request ours.
 *
 * @param {{privateKey: CryptoKey, keyid: string}} panel
 * @param {{method: string, url: string, body: Octets, idempotencyKey?: string}} request
 * @returns {Promise<{headers: Record<string, string>, signature: string}>} `signature` as sf binary, for the answer's check
 */
export async function signRequest(panel, { method, url, body, idempotencyKey }) {
  const digest = await contentDigest(body);
  const { base, input } = requestBase({
    ...{ method, url, digest, idempotencyKey },
    created: Math.floor(Date.now() / 1000),
    nonce: b64u(random(16)),
    keyid: panel.keyid,
  });
  const octets = await crypto.subtle.sign(ECDSA_SHA256, panel.privateKey, utf8(base));
  const signature = `:${base64(new Uint8Array(octets))}:`;
  return {
    headers: {
      'Content-Digest': digest,
      'Signature-Input': input,
      Signature: `mohr=${signature}`,
      ...(idempotencyKey === undefined ? {} : { 'Idempotency-Key': idempotencyKey }),
    },
    signature,
  };
}

/**
 * Did the agent that we paired with give this answer, to this very request?
 *
 * @param {{point: Octets, keyid: string}} agent the pinned key
 * @param {string} requestSignature as `signRequest` gave it
 * @param {{status: number, headers: {get(name: string): string | null}, body: Octets}} answer
 * @returns {Promise<boolean>}
 */
export async function verifyAnswer(agent, requestSignature, { status, headers, body }) {
  const input = ANSWER_INPUT.exec(headers.get('signature-input') ?? '');
  const signature = /^mohr=:([A-Za-z0-9+/]{86}==):$/.exec(headers.get('signature') ?? '');
  const type = headers.get('content-type');
  const digest = headers.get('content-digest');
  if (!input || !signature || type === null || digest !== (await contentDigest(body))) return false;
  if (input[2] !== agent.keyid) return false;
  const base = [
    `"@status": ${status}`,
    `"content-type": ${type}`,
    `"content-digest": ${digest}`,
    `"signature";req;key="mohr": ${requestSignature}`,
    `"@signature-params": ${input[1]}`,
  ].join('\n');
  return verify(agent.point, octets(signature[1]), utf8(base));
}
