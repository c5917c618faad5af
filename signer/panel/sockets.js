/**
 * WebSockets as a `fetch`, for browsers that ask nothing before one or let nothing else through.
 *
 * @module
 */

import { Channel } from './channel.js';
import { concat, utf8 } from './protocol.js';

/** @typedef {import('./ways.js').Fetch} Fetch */
/** @typedef {import('./protocol.js').Octets} Octets */

/** @param {import('./channel.js').Ask | import('./channel.js').Cancel} frame @returns {Octets} its line and its body */
const written = ({ body, ...line }) => concat(utf8(JSON.stringify(line) + '\n'), body ?? new Uint8Array());

/**
 * A `fetch` that keeps one WebSocket to each address.
 *
 * @param {(url: string) => WebSocket} connect
 * @returns {Fetch}
 */
export function overSockets(connect) {
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
