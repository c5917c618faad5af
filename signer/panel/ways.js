/**
 * The ways to the agent, each as a `fetch`: the browser's own, a WebSocket (`sockets.js`), a bridge window (`bridge.js`),
 * and what every fetch has in common.
 *
 * What is asked, signed and verified is the same on every way. Which browser takes which is `wayOf`; a browser loads the
 * way that it takes. Nothing here knows what a call means.
 *
 * @module
 */

/** @typedef {typeof globalThis.fetch} Fetch */
/** @typedef {'http' | 'https' | 'ws' | 'wss'} WayName */
/** @typedef {{name: WayName | 'bridge', fetch: Fetch, base: (port: number) => string}} Way */

/** Milliseconds after which an agent that should have answered counts as lost. */
export const GRACE = 15_000;

/** @type {RequestInit} */
export const PLAINLY = {
  mode: 'cors',
  credentials: 'omit',
  cache: 'no-store',
  redirect: 'error',
  referrerPolicy: 'no-referrer',
};

/**
 * The one way in a browser that asks the fewest questions.
 *
 * Firefox asks nothing before a WebSocket; Safari lets no http through and takes the agent's own certificate; every
 * other browser asks once, whatever the way.
 *
 * @param {string} agent the browser's own description, `navigator.userAgent`
 * @returns {WayName}
 */
export function wayOf(agent) {
  if (/Firefox\//.test(agent)) return 'ws';
  return /Safari\//.test(agent) && !/Chrom|Android/.test(agent) ? 'wss' : 'http';
}

/**
 * @param {WayName} name
 * @param {{fetch?: Fetch, socket?: (url: string) => WebSocket}} [browser] tests bring their own
 * @returns {Way}
 */
export function direct(name, browser = {}) {
  const secure = name.endsWith('s') && name !== 'ws';
  const fetch = browser.fetch ?? globalThis.fetch?.bind(globalThis);
  const socket = browser.socket ?? ((url) => new WebSocket(url));
  return {
    name,
    fetch: name.startsWith('ws') ? late(socket) : fetch,
    base: (port) => `http${secure ? 's' : ''}://127.0.0.1:${secure ? port + 1 : port}`,
  };
}

/** @param {(url: string) => WebSocket} connect @returns {Fetch} */
function late(connect) {
  /** @type {Promise<Fetch> | undefined} */
  let sockets;
  return async (url, init) => {
    sockets ??= import('./sockets.js').then(({ overSockets }) => overSockets(connect));
    sockets.catch(() => (sockets = undefined));
    return (await sockets)(url, init);
  };
}
