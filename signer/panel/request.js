/**
 * One signing request, sign-in or certificate from the post to its end, through lost connections, restarts of the agent and a change of mind.
 *
 * A post is repeated under the same Idempotency-Key, which the agent answers with the same request, so that nothing
 * is signed twice and no signature is lost.
 *
 * @module
 */

import { call, LONGEST_WAIT } from './call.js';
import { MohrError } from './errors.js';

/** @typedef {import('./call.js').Session} Session */
/** @typedef {import('./errors.js').Problem} Problem */

/**
 * @typedef {object} SignedDocument
 * @property {string} id
 * @property {'pending' | 'signing' | 'signed' | 'declined' | 'cancelled' | 'failed'} state
 * @property {string} format
 * @property {'B-B' | 'B-T' | 'B-LT'} [level] what a signature has reached
 * @property {string} [signature] base64 of the file
 * @property {string} [certificate] base64 of the DER
 * @property {string} [signed_at] RFC 3339
 * @property {Problem} [problem]
 *
 * @typedef {'received' | 'choosing' | 'consent' | 'signing' | 'finished' | 'declined' | 'cancelled' | 'failed'} RequestState
 *
 * @typedef {{id: string, state: RequestState, position: number, documents: SignedDocument[], token?: string,
 *   certificate?: string, request?: string, credential?: string, problem?: Problem}} RequestView `documents` in a
 *   signing request alone; `token` and `certificate` in a sign-in, `request` and `credential` where one is asked for or kept
 */

/** Seconds between looks at a request whose progress the panel shows. */
const WATCHING_WAIT = 2;
/** Milliseconds between tries to find an agent that was lost; one that restarts is back within these. */
const REUNION = [250, 1000, 2000, 4000, 8000];
const FINAL = ['finished', 'declined', 'cancelled', 'failed'];

/**
 * @param {object} request
 * @param {string | null} request.id null where it is not posted yet
 * @param {string} request.idempotencyKey
 * @param {object} [request.body] what to post; absent after a reload, when the documents are gone
 * @param {string} [request.path] where to post it
 * @param {Session} session
 * @param {object} handlers
 * @param {() => Promise<Session>} handlers.reconnect
 * @param {(id: string) => Promise<void>} handlers.onId called before anything is waited for
 * @param {(view: RequestView) => void} [handlers.onState]
 * @param {AbortSignal} [handlers.signal] cancels at the agent; the request's last state is then the answer
 * @returns {Promise<RequestView>} its final state
 * @throws {MohrError} or the signal's reason, where nothing had been sent
 */
export async function follow({ id, idempotencyKey, body, path = '/v1/signing-requests' }, session, handlers) {
  const { reconnect, onId, onState, signal } = handlers;
  let cancelled = false;
  let losses = 0;
  let told = '';
  if (id === null) signal?.throwIfAborted();

  /** @returns {Promise<RequestView>} after the one call that is next */
  const step = async () => {
    // Not to be aborted: its answer holds the id with which to cancel.
    if (id === null) return call(session, 'POST', path, { json: body, idempotencyKey });
    const place = `${path}/${encodeURIComponent(id)}`;
    if (!signal?.aborted || cancelled) {
      const wait = onState ? (told ? WATCHING_WAIT : 0) : LONGEST_WAIT;
      return call(session, 'GET', `${place}?wait=${wait}`, { signal: cancelled ? undefined : signal });
    }
    const view = await call(session, 'DELETE', place);
    cancelled = true;
    return view;
  };

  for (;;) {
    try {
      const view = await step();
      losses = 0;
      if (view.id !== id) await onId((id = view.id));
      const { state, position, documents } = view;
      const news = JSON.stringify([state, position, documents?.map((document) => document.state)]);
      if (news !== told) onState?.(view);
      told = news;
      if (FINAL.includes(state)) return view;
    } catch (error) {
      if (signal?.aborted && !cancelled && error === signal.reason) continue;
      const code = error instanceof MohrError ? error.code : '';
      const forgotten = code === 'request-unknown' && id !== null && body !== undefined;
      const lost = code === 'agent-lost' || code === 'request-stale';
      if (losses === REUNION.length || !(forgotten || lost)) throw error;
      if (forgotten) id = null;
      // Another program may hold the port now: nothing more is sent before the agent has proven itself anew.
      /** @type {Session | undefined} */
      let found;
      while (!found) {
        if (losses === REUNION.length) throw error;
        await new Promise((resolve) => setTimeout(resolve, REUNION[losses]));
        losses += 1;
        found = await reconnect().catch(() => undefined);
      }
      session = found;
    }
  }
}
