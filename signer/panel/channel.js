/**
 * Requests and answers as frames (`docs/protocol.md`) on something that carries messages both ways: `sockets.js` and
 * `bridge.js` bring that.
 *
 * @module
 */

/** @typedef {import('./protocol.js').Octets} Octets */
/** @typedef {{id: number, method: string, target: string, headers: Record<string, string>, body?: Octets}} Ask */
/** @typedef {{id: number, cancel: true, body?: undefined}} Cancel that answer is no longer wanted */

/** Requests that wait for their answers, or for more of one. */
export class Channel {
  /** @type {Map<number, {hear: (octets: Octets, line: any) => void, lose: (why: any) => void}>} */
  #waiting = new Map();
  #next = 0;
  #send;

  /** @param {(frame: Ask | Cancel) => void} send */
  constructor(send) {
    this.#send = send;
  }

  /** @param {string} url @param {RequestInit} [init] @returns {Promise<Response>} */
  fetch(url, { method = 'GET', headers = {}, body, signal } = {}) {
    const { pathname, search } = new URL(url);
    const id = ++this.#next;
    return new Promise((resolve, reject) => {
      /** @type {ReadableStreamDefaultController | undefined} */
      let following;
      const end = () => {
        this.#waiting.delete(id);
        signal?.removeEventListener('abort', stop);
      };
      /** @param {any} why */
      const lose = (why) => {
        end();
        following?.error(why);
        reject(why);
      };
      const hangUp = () => {
        end();
        this.#send({ id, cancel: true });
      };
      const stop = () => {
        hangUp();
        lose(signal?.reason);
      };
      if (signal?.aborted) return reject(signal.reason);
      signal?.addEventListener('abort', stop);
      this.#waiting.set(id, {
        lose,
        hear: (octets, { status, headers, more }) => {
          if (following && more) return following.enqueue(octets);
          if (!more) end();
          if (following) return following.close();
          /** @param {ReadableStreamDefaultController} controller */
          const start = (controller) => {
            following = controller;
            controller.enqueue(octets);
          };
          resolve(new Response(more ? new ReadableStream({ start, cancel: hangUp }) : octets, { status, headers }));
        },
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

  /** @param {ArrayBuffer} message a frame of an answer */
  hear(message) {
    const octets = new Uint8Array(message);
    const end = octets.indexOf(10);
    const line = JSON.parse(new TextDecoder().decode(octets.subarray(0, end)));
    this.#waiting.get(line.id)?.hear(octets.slice(end + 1), line);
  }

  /** @param {number} [id] the request that is lost; all of them where none is named */
  lose(id) {
    for (const [each, { lose }] of this.#waiting) {
      if (id === undefined || id === each) lose(new TypeError('Failed to fetch'));
    }
  }
}
