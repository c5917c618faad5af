/**
 * What happens at the agent, as it happens: `GET /v1/events`, read by one tab of the origin and told to the others.
 *
 * Whoever holds the lock reads; the rest listen, and the next of them takes over where it ends, going on from the last
 * event that it heard. A browser without locks or channels reads in every tab. Each event is checked against the pinned
 * key (`docs/protocol.md`) by the tab that reads it; a channel carries nothing from outside this origin.
 *
 * @module
 */

import { judged } from './call.js';
import { MohrError } from './errors.js';
import { signRequest } from './messages.js';
import * as protocol from './protocol.js';
import { GRACE, PLAINLY } from './ways.js';

/** @typedef {import('./protocol.js').Octets} Octets */
/** @typedef {import('./call.js').Session} Session */
/** @typedef {import('./request.js').RequestState} RequestState */

/**
 * @typedef {{event: 'tokens', id: string, data: {state: 'ready' | 'reading' | 'absent',
 *   tokens: {label: string, credentials: string[]}[], problem?: string}}} TokensEvent
 * @typedef {{event: 'request', id: string, data: {id: string, state: RequestState, signed: number, failed: number,
 *   total: number}}} RequestEvent
 * @typedef {TokensEvent | RequestEvent} Happening how a thing is now; steps in between may be left out, and one may
 *   be told twice
 *
 * @typedef {object} EventsOptions
 * @property {AbortSignal} [signal] ends it
 * @property {(happening: Happening) => void} onEvent
 * @property {(problem: MohrError) => void} [onProblem] called where the stream was lost and is tried again
 */

/** The lock and the channel of an origin's tabs. */
const SHARED = 'mohr-events';
/** Milliseconds before the agent is tried again; the last of these from then on. */
const AGAIN = [250, 1000, 2000, 4000, 8000, 15_000, 30_000];
const FINAL = ['finished', 'declined', 'cancelled', 'failed'];
/** Octets of one event: more is no event of the agent's. */
const LONGEST_EVENT = 1 << 20;

/** @param {string | undefined} id @returns {string | undefined} what the ids of one run of the agent have in common */
const life = (id) => id?.replace(/-\d+$/, '');

/**
 * @param {() => Promise<Session>} connect @param {EventsOptions} options
 * @returns {Promise<void>} see `Mohr.events`
 */
export async function events(connect, { signal, onEvent, onProblem }) {
  const { locks } = globalThis.navigator ?? {};
  /** @type {Map<string, Happening>} how everything is, for a tab that comes later */
  const now = new Map();
  /** @param {Happening} happening */
  const hear = (happening) => {
    const { event, data } = happening;
    const name = event === 'request' ? data.id : event;
    // Another life of the agent, which knows nothing of what was open in the one before.
    if (life(happening.id) !== life(last)) now.clear();
    now.delete(name);
    if (event !== 'request' || !FINAL.includes(data.state)) now.set(name, happening);
    last = happening.id;
    // What goes wrong in there is the panel's, and no loss of the stream.
    queueMicrotask(() => onEvent(happening));
  };
  /** @type {string | undefined} */
  let last;
  /** @type {BroadcastChannel | undefined} */
  let tabs;
  /** Read until the end, and say what was read. */
  const read = () =>
    reading(connect, signal, () => last, {
      onEvent: (happening) => {
        tabs?.postMessage({ happening });
        hear(happening);
      },
      onProblem: (problem) => {
        tabs?.postMessage({ problem: problem.code });
        queueMicrotask(() => onProblem?.(problem));
      },
    });
  if (signal?.aborted) return;
  if (!locks || !globalThis.BroadcastChannel) return read();

  tabs = new BroadcastChannel(SHARED);
  const me = crypto.randomUUID();
  let reads = false;
  tabs.onmessage = ({ data }) => {
    // A tab of another version of the panel may say something else.
    const { asks, to, happening, problem } = Object(data);
    if (asks && reads) for (const each of now.values()) tabs?.postMessage({ to: asks, happening: each });
    if (happening?.data && (to ?? me) === me) hear(happening);
    if (problem) onProblem?.(new MohrError(problem));
  };
  tabs.postMessage({ asks: me });
  try {
    await locks.request(SHARED, { signal }, () => {
      reads = true;
      return read();
    });
  } catch (error) {
    if (!signal?.aborted) throw error;
  } finally {
    tabs.close();
  }
}

/**
 * One stream after the other.
 *
 * @param {() => Promise<Session>} connect @param {AbortSignal | undefined} signal
 * @param {() => string | undefined} lastId @param {{onEvent: (happening: Happening) => void,
 *   onProblem: (problem: MohrError) => void}} handlers
 */
async function reading(connect, signal, lastId, { onEvent, onProblem }) {
  for (let losses = 0; ; losses += 1) {
    try {
      await stream(await connect(), lastId(), signal, (happening) => {
        losses = 0;
        onEvent(happening);
      });
      throw new MohrError('agent-lost');
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof MohrError && error.retriable)) throw error;
      onProblem(error);
    }
    await pause(AGAIN[Math.min(losses, AGAIN.length - 1)], signal);
    if (signal?.aborted) return;
  }
}

/**
 * Read one stream to its end.
 *
 * @param {Session} session @param {string | undefined} lastId @param {AbortSignal | undefined} signal
 * @param {(happening: Happening) => void} onEvent
 * @throws {MohrError} `agent-lost`, `answer-unverified`, or what the agent says instead of a stream
 */
async function stream({ fetch, base, pairing }, lastId, signal, onEvent) {
  const url = `${base}/v1/events`;
  const { headers, signature } = await signRequest(pairing, { method: 'GET', url, body: protocol.utf8('') });
  if (lastId) headers['Last-Event-ID'] = lastId;
  const controller = new AbortController();
  const stop = () => controller.abort();
  signal?.addEventListener('abort', stop);
  if (signal?.aborted) stop();
  // Its first event comes at once. From then on it may be silent for as long as nothing happens.
  const timer = setTimeout(stop, GRACE);
  try {
    const answer = await fetch(url, { ...PLAINLY, headers, signal: controller.signal });
    if (!answer.body || !answer.headers.get('content-type')?.startsWith('text/event-stream')) {
      const body = new Uint8Array(await answer.arrayBuffer());
      await judged(pairing, signature, { status: answer.status, headers: answer.headers, body });
      throw new MohrError('answer-unverified');
    }
    for await (const text of blocks(answer.body.getReader())) {
      const { event, id, data } = await verified(pairing.agent.point, signature, text);
      clearTimeout(timer);
      if (event === 'tokens' || event === 'request') onEvent({ event, id, data: JSON.parse(data) });
    }
  } catch (error) {
    throw error instanceof MohrError ? error : new MohrError('agent-lost');
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    stop();
  }
}

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader @returns {AsyncGenerator<string>} one event's lines at a time */
async function* blocks(reader) {
  const decoder = new TextDecoder();
  let held = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    held += decoder.decode(value, { stream: true });
    const whole = held.split('\n\n');
    held = /** @type {string} */ (whole.pop());
    if (held.length > LONGEST_EVENT) throw new MohrError('answer-unverified');
    yield* whole;
  }
}

/**
 * @param {Octets} point the pinned key @param {string} signature of the request that opened the stream, as sf binary
 * @param {string} text an event's lines
 * @returns {Promise<{event: string, id: string, data: string}>}
 * @throws {MohrError} `answer-unverified`
 */
async function verified(point, signature, text) {
  const [, event, id = '', data, said] = /^event: (.*)\n(?:id: (.*)\n)?data: (.*)\ndata: ([\w-]{86})$/.exec(text) ?? [];
  try {
    const message = eventMessage(protocol.octets(signature.slice(1, -1)), event, id, data);
    if (await protocol.verify(point, protocol.unb64u(said), message)) return { event, id, data };
  } catch {
    // What has no signature in it is no event either.
  }
  throw new MohrError('answer-unverified');
}

/**
 * What the agent signs of an event.
 *
 * @param {Octets} requestSignature 64 octets @param {string} event @param {string} id empty where there is none
 * @param {string} data
 * @returns {Octets}
 */
export const eventMessage = (requestSignature, event, id, data) =>
  protocol.concat(protocol.tagged('mohr-event-v1'), requestSignature, ...[event, id, data].map(protocol.counted));

/** @param {number} milliseconds @param {AbortSignal} [signal] @returns {Promise<void>} earlier where it aborts */
const pause = (milliseconds, signal) =>
  new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
  });
