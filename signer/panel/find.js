/**
 * Finding the agent: who answers on its ports, and if nobody, what the browser has to do with it.
 *
 * Sends a random challenge and nothing else, so it may be asked before anything is known.
 *
 * @module
 */

import * as protocol from './protocol.js';
import { GRACE, PLAINLY } from './ways.js';

/** @typedef {import('./call.js').Pairing} Pairing */
/** @typedef {import('./ways.js').Fetch} Fetch */
/** @typedef {import('./ways.js').Way} Way */

/**
 * @typedef {'no-answer' | 'no-answer-safari' | 'permission-pending' | 'denied' | 'not-delegated' | 'csp-blocked'} Silence
 * @typedef {'ready' | 'no-token' | 'not-paired' | 'impostor' | Silence} AgentState
 *
 * @typedef {object} Finding
 * @property {AgentState} state
 * @property {string} [base] the address that answered
 * @property {{name: string, version: string, state: 'ready' | 'no-token', other_user?: true}} [agent] what a paired agent says of
 *   itself; `other_user` where another user of this computer runs one too (`other-users-agent` in `words.js`)
 * @property {boolean} [paired] where nothing answers: was this browser ever paired? Offer `start`, and else to install Mohr
 *
 * @typedef {{ports: number[], way: Way, origin: string, pairing: Promise<Pairing | undefined>}} Place
 */

/** Where several ports answer, the first of these counts. */
const RANK = ['ready', 'no-token', 'impostor', 'not-paired', 'no-answer'];
/** States in which documents may be sent. */
export const REACHED = RANK.slice(0, 2);
/** What browsers call the permission (Local Network Access), the newer name first. */
const PERMISSIONS = ['loopback-network', 'local-network-access'];

/**
 * Ask every port at once, never by the name `localhost`, which another address may answer to.
 *
 * @param {Place} place @param {AbortSignal} [signal]
 * @returns {{end: Promise<Finding>, soFar: () => Finding}}
 */
export function search({ ports, way, origin, pairing }, signal) {
  /** @type {Finding} */
  let best = { state: 'no-answer' };
  /** @type {Permission | undefined} */
  let permission;
  permissionState().then((known) => (permission = known));

  const look = async () => {
    const policy = watchOwnPolicy();
    const patience = patient(signal);
    try {
      const given = new Promise((resolve) => signal?.addEventListener('abort', () => resolve(undefined), { once: true }));
      const pinned = await Promise.race([pairing, /** @type {Promise<undefined>} */ (given)]);
      signal?.throwIfAborted();
      best = { state: 'no-answer', paired: pinned !== undefined };
      const probes = ports.map(async (port) => {
        const found = await probe(way.fetch, way.base(port), origin, pinned, patience.signal);
        if (RANK.indexOf(found.state) < RANK.indexOf(best.state)) best = found;
        return found;
      });
      const ours = new Promise((resolve) => {
        for (const probe of probes) probe.then((found) => REACHED.includes(found.state) && resolve(found));
      });
      await Promise.race([ours, Promise.all(probes)]);
      signal?.throwIfAborted();
      if (best.state !== 'no-answer') return best;
      // Without its reason, silence is still silence.
      const why = await import('./why.js').catch(() => undefined);
      return why ? { ...best, state: await why.whyNot(policy, way.name, permissionState) } : best;
    } finally {
      patience.end();
      policy.end();
    }
  };
  const soFar = () => {
    // Only a fetch of the page's own waits for a person: a socket in Firefox and a bridge are never asked about.
    if (best.state !== 'no-answer' || permission?.state !== 'prompt' || !way.name.startsWith('http')) return best;
    return { ...best, state: /** @type {AgentState} */ ('permission-pending') };
  };
  return { end: look(), soFar };
}

/**
 * Who is at this address? Silence and gibberish are no answer.
 *
 * @param {Fetch} fetch @param {string} base @param {string} origin @param {Pairing | undefined} pairing
 * @param {AbortSignal} [signal]
 * @returns {Promise<Finding>}
 */
export async function probe(fetch, base, origin, pairing, signal) {
  const challenge = protocol.random(32);
  let said;
  try {
    const url = `${base}/v1/agent?challenge=${protocol.b64u(challenge)}`;
    said = await (await fetch(url, { ...PLAINLY, signal })).json();
  } catch {
    return { state: 'no-answer' };
  }
  if (said?.api !== 1) return { state: 'no-answer' };
  if (!pairing || said.paired !== true) return { state: 'not-paired', base };
  const { host } = new URL(base);
  const proven = await protocol.proves(pairing.agent.point, origin, host, challenge, said.proof);
  if (!proven) return { state: 'impostor', base };
  const { name, version, state, other_user } = said;
  return { state: state === 'no-token' ? state : 'ready', base, agent: { name, version, state, other_user } };
}

/** @typedef {{name: string, state: PermissionState}} Permission */

/** @returns {Promise<Permission | undefined>} undefined where the browser has no such permission */
export async function permissionState() {
  for (const name of PERMISSIONS) {
    try {
      const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ (name) });
      return { name, state: status.state };
    } catch {
      // An unknown name throws; so does a browser without permissions.
    }
  }
  return undefined;
}

/** Does the page's own Content-Security-Policy stop what we send? */
function watchOwnPolicy() {
  const policy = { violated: false, end: () => {} };
  const page = globalThis.document;
  /** @param {SecurityPolicyViolationEvent} event */
  const note = ({ blockedURI, disposition }) => {
    if (disposition === 'enforce' && /^(ws|http)s?:\/\/127\.0\.0\.1:/.test(blockedURI)) policy.violated = true;
  };
  page?.addEventListener('securitypolicyviolation', note);
  policy.end = () => page?.removeEventListener('securitypolicyviolation', note);
  return policy;
}

/**
 * A signal that follows `signal` and gives up on a server that accepts and says nothing, but never while the browser's
 * prompt is open: the browser holds the fetch until a person has answered. `end` stops whatever still uses it.
 *
 * @param {AbortSignal | undefined} signal
 */
function patient(signal) {
  const controller = new AbortController();
  const stop = () => controller.abort();
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  const wait = () => {
    timer = setTimeout(async () => {
      const asking = (await permissionState())?.state === 'prompt';
      if (asking && !controller.signal.aborted) wait();
      else stop();
    }, GRACE);
  };
  wait();
  signal?.addEventListener('abort', stop);
  const end = () => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    stop();
  };
  return { signal: controller.signal, end };
}
