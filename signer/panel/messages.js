/**
 * Requests that a panel signs, and answers that the agent signs (RFC 9421, `docs/protocol.md`).
 *
 * Pure functions over WebCrypto, each held against the agent's test vectors. They fetch nothing and keep nothing.
 *
 * @module
 */

import { b64u, base64, ECDSA_SHA256, octets, random, sha256, utf8, verify } from './protocol.js';

/** @typedef {import('./protocol.js').Octets} Octets */

const COMPONENTS = '"@method" "@authority" "@path" "@query" "content-digest"';
const ANSWER_INPUT = new RegExp(
  '^mohr=(\\("@status" "content-type" "content-digest" "signature";req;key="mohr"\\)' +
    ';created=[0-9]{1,15};keyid="([\\w-]{43})";alg="ecdsa-p256-sha256";tag="mohr-agent")$',
);

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
  const made = await crypto.subtle.sign(ECDSA_SHA256, panel.privateKey, utf8(base));
  const signature = `:${base64(new Uint8Array(made))}:`;
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
