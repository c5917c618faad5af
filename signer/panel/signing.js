/**
 * Having documents signed and signing in: what is posted, what the browser remembers of it, and the result.
 *
 * @module
 */

import { MohrError } from './errors.js';
import { base64 } from './protocol.js';
import { follow } from './request.js';

/** @typedef {import('./errors.js').Problem} Problem */
/** @typedef {import('./call.js').Session} Session */
/** @typedef {import('./mohr.js').Pending} Pending */
/** @typedef {import('./request.js').RequestState} RequestState */
/** @typedef {import('./request.js').RequestView} RequestView */
/** @typedef {import('./request.js').SignedDocument} SignedDocument */
/** @typedef {import('./store.js').Store} Store */

/**
 * @typedef {object} Document one document to sign, as in the contract
 * @property {string} id 1 to 128 characters; outlives a reload in the browser's storage, so no patient's code
 * @property {string} media_type
 * @property {string | Uint8Array} content a string is signed as its UTF-8 octets
 * @property {'cades' | 'cms' | 'jws' | 'jades' | 'xades' | 'pades' | 'asic-e' | 'asic-e-cades'} [format]
 * @property {'B-B' | 'B-T' | 'B-LT' | 'B-T?' | 'B-LT?'} [level] one that ends in `?` may come out lower
 * @property {boolean} [attached]
 * @property {{page?: number, corner?: string, reason?: string}} [seal] where a PDF shows the doctor's seal
 * @property {{name: string, media_type: string, content: Uint8Array}[]} [attachments] files signed with the document, in containers alone
 *
 * @typedef {object} SignOptions
 * @property {string} [credential] a credential's id; absent, the doctor chooses
 * @property {string} [purpose]
 * @property {string} [idempotencyKey] the panel's own name for this act of signing, 1 to 128 visible ASCII characters
 * @property {AbortSignal} [signal] cancels what is not yet signed
 * @property {(view: RequestView) => void} [onState] called whenever the request has moved
 *
 * @typedef {object} Result
 * @property {boolean} signed true only where every document is signed
 * @property {RequestState | 'unavailable'} state `unavailable`: nothing was sent to anyone
 * @property {string} [reason] a code, where not all are signed
 * @property {string} idempotencyKey
 * @property {SignedDocument[]} documents in the order given; empty where `unavailable`
 *
 * @typedef {object} SignIn
 * @property {boolean} signedIn
 * @property {RequestState} state
 * @property {string} [token] a compact JWS for the panel's server; good for five minutes
 * @property {string} [certificate] base64 of the DER
 * @property {string} [reason] a code, where there is no token
 *
 * @typedef {{session: Session, store: Store, reconnect: () => Promise<Session>}} Requests where they go, and where
 *   their names are kept
 */

/** Milliseconds for which the agent keeps a result, and so its name is kept here. */
const KEPT = 24 * 3600 * 1000;

/** @param {Requests} requests @param {Document[]} documents @param {SignOptions} options @returns {Promise<Result>} */
export async function sign(requests, documents, options) {
  const { credential, purpose, idempotencyKey = crypto.randomUUID() } = options;
  const { store } = requests;
  const place = `pending/${idempotencyKey}`;
  const known = await store.get(place);
  /** @type {Pending} */
  const entry = { idempotencyKey, id: null, documents: documents.map(({ id }) => id), at: Date.now() };
  if (!known) await store.set(place, entry);
  try {
    return await toItsEnd(requests, entry, options, { documents: documents.map(asPosted), credential, purpose });
  } catch (error) {
    const refused = error instanceof MohrError && error.verified && entry.id === null;
    if (refused && !known) await store.delete(place);
    throw error;
  }
}

/** @param {Store} store @returns {Promise<Pending[]>} what is remembered, oldest first; what is old is forgotten */
export async function pending(store) {
  /** @type {Pending[]} */
  const all = await store.list('pending/');
  const old = all.filter(({ at }) => Date.now() - at > KEPT);
  for (const { idempotencyKey } of old) await store.delete(`pending/${idempotencyKey}`);
  return all.filter((entry) => !old.includes(entry)).sort((a, b) => a.at - b.at);
}

/** @param {Requests} requests @param {Pending} entry @param {SignOptions} options @returns {Promise<Result>} */
export const resume = (requests, entry, options) => toItsEnd(requests, entry, options);

/**
 * @param {Requests} requests @param {string} nonce
 * @param {{credential?: string, signal?: AbortSignal, onState?: (view: RequestView) => void}} options
 * @returns {Promise<SignIn>}
 */
export async function signIn({ session, reconnect }, nonce, { credential, signal, onState }) {
  const request = { id: null, idempotencyKey: crypto.randomUUID(), body: { nonce, credential } };
  const handlers = { signal, onState, reconnect, onId: async () => {} };
  const view = await follow({ ...request, path: '/v1/sign-ins' }, session, handlers);
  const { state, token, certificate, problem } = view;
  return { signedIn: !!token, state, token, certificate, reason: token ? undefined : (problem?.code ?? state) };
}

/**
 * @param {Requests} requests
 * @param {Pending} entry gets the id that the agent gives
 * @param {SignOptions} options
 * @param {object} [body]
 * @returns {Promise<Result>}
 */
async function toItsEnd({ session, store, reconnect }, entry, { signal, onState }, body) {
  const { id, idempotencyKey } = entry;
  const place = `pending/${idempotencyKey}`;
  const { state, documents } = await follow({ id, idempotencyKey, body }, session, {
    ...{ onState, signal, reconnect },
    onId: (given) => store.set(place, Object.assign(entry, { id: given })),
  });
  const missing = documents.filter((document) => document.state !== 'signed');
  if (missing.length === documents.length) await store.delete(place);
  const reason = missing.length ? (missing[0].problem?.code ?? state) : undefined;
  return { signed: !missing.length, state, reason, idempotencyKey, documents };
}

/** @param {Document} document @returns {object} always the same members in the same order, since a repost must be the same octets */
function asPosted({ id, media_type, content, format = 'cades', level, attached, seal, attachments }) {
  const octets =
    typeof content === 'string' ? { content } : { content_base64: base64(new Uint8Array(content)) };
  const files = attachments?.map(({ name, media_type, content }) => ({
    ...{ name, media_type, content_base64: base64(new Uint8Array(content)) },
  }));
  return { id, media_type, ...octets, format, level, attached, seal, attachments: files };
}
