/**
 * The ways to the agent, each as a `fetch`: the browser's own, a WebSocket, and a bridge window.
 *
 * A WebSocket and the bridge carry the same frames (`docs/protocol.md`), so what is asked, signed and verified is the
 * same on every way. Which browser takes which is `wayOf`; nothing here knows what a call means.
 *
 * @module
 */

import { MohrError } from './errors.js';
import { concat, utf8 } from './protocol.js';

/** @typedef {typeof globalThis.fetch} Fetch */
/** @typedef {import('./protocol.js').Octets} Octets */
/** @typedef {'http' | 'https' | 'ws' | 'wss'} WayName */
/** @typedef {{name: WayName | 'bridge', fetch: Fetch, base: (port: number) => string}} Way */
/** @typedef {{id: number, method: string, target: string, headers: Record<string, string>, body?: Octets}} Frame */

/** Milliseconds for which a bridge may load at one port. */
const BRIDGE_LOADS = 3000;
const HELLO_EVERY = 100;

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
    fetch: name.startsWith('ws') ? overSockets(socket) : fetch,
    base: (port) => `http${secure ? 's' : ''}://127.0.0.1:${secure ? port + 1 : port}`,
  };
}

/** Requests that wait for their answers on something that carries frames both ways. */
class Channel {
  /** @type {Map<number, {hear: (answer: Response) => void, lose: (why: any) => void}>} */
  #waiting = new Map();
  #next = 0;
  #send;

  /** @param {(frame: Frame) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {string} url @param {RequestInit} [init] @returns {Promise<Response>} */
  fetch(url, { method = 'GET', headers = {}, body, signal } = {}) {
    const { pathname, search } = new URL(url);
    const id = ++this.#next;
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#waiting.delete(id);
        signal?.removeEventListener('abort', stop);
      };
      const stop = () => {
        end();
        reject(signal?.reason);
      };
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener('abort', stop);
      this.#waiting.set(id, {
        hear: (answer) => (end(), resolve(answer)),
        lose: (why) => (end(), reject(why)),
      });
      const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
      this.#send({
        id,
        method,
        target: pathname + search,
        headers: Object.fromEntries(lower),
        body: /** @type {Octets | undefined} */ (body),
      });
    });
  }

  /** @param {ArrayBuffer} message an answer's frame */
  hear(message) {
    const octets = new Uint8Array(message);
    const end = octets.indexOf(10);
    const { id, status, headers } = JSON.parse(new TextDecoder().decode(octets.subarray(0, end)));
    this.#waiting.get(id)?.hear(new Response(octets.slice(end + 1), { status, headers }));
  }

  /** @param {number} [id] the request that is lost; all of them where none is named */
  lose(id) {
    for (const [each, { lose }] of this.#waiting) {
      if (id === undefined || id === each) lose(new TypeError('Failed to fetch'));
    }
  }
}

/** @param {Frame} frame @returns {Octets} its line and its body */
const written = ({ body, ...line }) => concat(utf8(JSON.stringify(line) + '\n'), body ?? new Uint8Array());

/**
 * A `fetch` that keeps one WebSocket to each address.
 *
 * @param {(url: string) => WebSocket} connect
 * @returns {Fetch}
 */
function overSockets(connect) {
  /** @type {Map<string, Channel>} */
  const channels = new Map();
  /** @param {string} origin */
  const open = (origin) => {
    const socket = connect(`${origin.replace('http', 'ws')}/v1/socket`);
    socket.binaryType = 'arraybuffer';
    const opened = new Promise((resolve) => (socket.onopen = resolve));
    const channel = new Channel((frame) => void opened.then(() => socket.send(written(frame))));
    socket.onmessage = ({ data }) => channel.hear(data);
    socket.onerror = socket.onclose = () => {
      if (channels.get(origin) === channel) channels.delete(origin);
      channel.lose();
    };
    channels.set(origin, channel);
    return channel;
  };
  return (url, init) => {
    const { origin } = new URL(String(url));
    return (channels.get(origin) ?? open(origin)).fetch(String(url), init);
  };
}

/**
 * Open the agent's bridge window, where a panel may not reach the agent by itself. Takes a click of the last seconds.
 *
 * @param {number[]} ports @param {AbortSignal} [signal]
 * @param {{open: typeof window.open, addEventListener: typeof window.addEventListener,
 *   removeEventListener: typeof window.removeEventListener}} [page] tests bring their own
 * @returns {Promise<Way & {port: number, close: () => void, closed: () => boolean}>}
 * @throws {MohrError} `popup-blocked`, `bridge-silent`
 */
export async function bridge(ports, signal, page = window) {
  const address = (/** @type {number} */ port) => `http://127.0.0.1:${port}`;
  const opened = page.open(`${address(ports[0])}/bridge`, 'mohr-bridge', 'popup,width=420,height=260');
  if (!opened) throw new MohrError('popup-blocked');
  let port = 0;
  /** @type {(value?: unknown) => void} */
  let greeted = () => {};
  const channel = new Channel(({ body, ...frame }) => {
    if (opened.closed) return channel.lose();
    opened.postMessage({ mohr: 'ask', ...frame, body }, address(port));
  });
  /** @param {MessageEvent} event */
  const hear = ({ source, origin, data }) => {
    if (source !== opened || origin !== address(port)) return;
    if (data?.mohr === 'here') greeted();
    if (data?.mohr === 'answer') channel.hear(data.octets);
    if (data?.mohr === 'failed') channel.lose(data.id);
  };
  page.addEventListener('message', hear);
  const close = () => {
    page.removeEventListener('message', hear);
    channel.lose();
    opened.close();
  };
  for (port of ports) {
    if (port !== ports[0]) opened.location.replace(`${address(port)}/bridge`);
    if (await answers()) return { name: 'bridge', fetch, base: address, port, close, closed: () => opened.closed };
    if (signal?.aborted) break;
  }
  close();
  signal?.throwIfAborted();
  throw new MohrError('bridge-silent');

  /** @param {any} url @param {RequestInit} [init] */
  function fetch(url, init) {
    return channel.fetch(String(url), init);
  }

  /** @returns {Promise<boolean>} has the window said that it is the agent's page? */
  function answers() {
    return new Promise((resolve) => {
      // A window that has not loaded yet belongs to nobody: the browser drops what is said to it.
      const hello = setInterval(() => opened?.postMessage({ mohr: 'hello' }, address(port)), HELLO_EVERY);
      /** @param {boolean} found */
      const end = (found) => {
        clearInterval(hello);
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
        resolve(found);
      };
      const stop = () => end(false);
      const timer = setTimeout(stop, BRIDGE_LOADS);
      signal?.addEventListener('abort', stop);
      greeted = () => end(true);
    });
  }
}
