/**
 * The bridge window as a `fetch`: a page of the agent's own, through which a panel speaks that may not by itself.
 *
 * @module
 */

import { Channel } from './channel.js';
import { MohrError } from './errors.js';

/** @typedef {import('./ways.js').Way} Way */
/** @typedef {Way & {port: number, close: () => void, closed: () => boolean}} Bridge */

/** Milliseconds for which a bridge may load at one port. */
const BRIDGE_LOADS = 3000;
const HELLO_EVERY = 100;

/**
 * Open the agent's bridge window, where a panel may not reach the agent by itself. Takes a click of the last seconds.
 *
 * @param {number[]} ports @param {AbortSignal} [signal]
 * @param {{open: typeof window.open, addEventListener: typeof window.addEventListener,
 *   removeEventListener: typeof window.removeEventListener}} [page] tests bring their own
 * @returns {Promise<Bridge>}
 * @throws {MohrError} `popup-blocked`, `bridge-silent`
 */
export async function bridge(ports, signal, page = window) {
  const address = (/** @type {number} */ port) => `http://127.0.0.1:${port}`;
  const opened = page.open(`${address(ports[0])}/bridge`, 'mohr-bridge', 'popup,width=420,height=340');
  if (!opened) throw new MohrError('popup-blocked');
  let port = 0;
  /** @type {(value?: unknown) => void} */
  let greeted = () => {};
  const channel = new Channel((frame) => {
    if (opened.closed) return channel.lose();
    opened.postMessage({ mohr: 'cancel' in frame ? 'cancel' : 'ask', ...frame }, address(port));
  });
  /** @param {MessageEvent} event */
  const hear = ({ source, origin, data }) => {
    if (source !== opened || origin !== address(port)) return;
    if (data?.mohr === 'here') greeted();
    if (data?.mohr === 'answer') channel.hear(data.octets);
    if (data?.mohr === 'failed') channel.lose(data.id);
  };
  const close = () => {
    page.removeEventListener('message', hear);
    page.removeEventListener('pagehide', close);
    channel.lose();
    opened.close();
  };
  page.addEventListener('message', hear);
  // A window that outlived the page would stand there and carry nothing.
  page.addEventListener('pagehide', close);
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
