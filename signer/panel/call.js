/**
 * One call to the agent, and whether its answer may be believed.
 *
 * `call` is for everything after a pairing; what comes before is `pairing.js`. Nothing is tried twice here.
 *
 * @module
 */

import { MohrError } from './errors.js';
import { signRequest, verifyAnswer } from './messages.js';
import { utf8 } from './protocol.js';
import { GRACE, PLAINLY } from './ways.js';

/** @typedef {import('./protocol.js').Octets} Octets */
/** @typedef {import('./ways.js').Fetch} Fetch */

/**
 * @typedef {{privateKey: CryptoKey, keyid: string, agent: {point: Octets, keyid: string}}} Pairing our key, and the
 *   agent's that we pinned
 * @typedef {{fetch: Fetch, base: string, pairing: Pairing}} Session an agent that has proven itself, and where it is
 * @typedef {{status: number, headers: Headers, body: Octets}} Answer
 */

/** Seconds that the agent may hold a call. */
export const LONGEST_WAIT = 25;
/** What an answer without a good signature may say: hearsay, after which nothing is changed or thrown away. */
const ADMISSION = (
  'not-paired signature-missing signature-invalid request-stale request-replayed ' +
  'host-refused origin-refused fetch-mode-refused request-too-large request-malformed ' +
  'media-type-not-accepted too-many-requests pairing-unknown pairing-refused pairing-busy ' +
  'consent-surface-missing pairing-store-failed'
).split(' ');

/**
 * A signed call, and its answer once that is verified.
 *
 * @param {Session} session @param {string} method @param {string} path with its query
 * @param {{json?: object, idempotencyKey?: string, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 * @throws {MohrError} `verified` where the agent itself said no
 */
export async function call({ fetch, base, pairing }, method, path, { json, idempotencyKey, signal } = {}) {
  const url = base + path;
  const body = json && utf8(JSON.stringify(json));
  const signed = { method, url, body: body ?? utf8(''), idempotencyKey };
  const { headers, signature } = await signRequest(pairing, signed);
  return judged(pairing, signature, await send(fetch, url, { method, headers, body, signal }));
}

/**
 * What the answer to that request says, if it is the agent's.
 *
 * @param {Pairing} pairing @param {string} signature the request's @param {Answer} answer
 * @returns {Promise<any>}
 * @throws {MohrError}
 */
export async function judged(pairing, signature, answer) {
  if (!(await verifyAnswer(pairing.agent, signature, answer))) throw hearsay(answer);
  const said = parsed(answer);
  if (answer.status < 400) return said;
  throw new MohrError(String(said.code), { problem: said, ...circumstances(answer) });
}

/**
 * @param {Fetch} fetch @param {string} url
 * @param {{method: string, headers?: Record<string, string>, body?: Octets, signal?: AbortSignal}} options
 * @returns {Promise<Answer>}
 */
export async function send(fetch, url, { method, headers, body, signal }) {
  const controller = new AbortController();
  const stop = () => controller.abort();
  const timer = setTimeout(stop, LONGEST_WAIT * 1000 + GRACE);
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  const typed = body ? { ...headers, 'Content-Type': 'application/json' } : headers;
  try {
    const init = { ...PLAINLY, method, headers: typed, body, signal: controller.signal };
    const response = await fetch(url, init);
    const octets = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, body: octets };
  } catch {
    signal?.throwIfAborted();
    throw new MohrError('agent-lost');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

/** @param {Answer} answer @returns {any} */
export function parsed({ body }) {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) ?? {};
  } catch {
    throw new MohrError('answer-unverified');
  }
}

/** @param {Answer} answer */
function circumstances({ status, headers }) {
  const seconds = headers.get('retry-after');
  return { status, retryAfter: seconds === null ? undefined : Number(seconds) };
}

/**
 * @param {Answer} answer one without a good signature
 * @returns {MohrError} with its code, if such an answer may carry it, and never with its words
 */
export function hearsay(answer) {
  const code = answer.status >= 400 ? parsed(answer).code : undefined;
  return new MohrError(ADMISSION.includes(code) ? code : 'answer-unverified', circumstances(answer));
}
