// An agent for the SDK's tests: it speaks the protocol honestly, and each test tells it where to be dishonest.
import assert from 'node:assert/strict';

import * as ceremony from '../../signer/panel/pairing.js';
import { eventMessage } from '../../signer/panel/events.js';
import * as messages from '../../signer/panel/messages.js';
import * as protocol from '../../signer/panel/protocol.js';
import { direct } from '../../signer/panel/ways.js';

export const ORIGIN = 'https://panel.example';
const ECDSA_SHA256 = { name: 'ECDSA', hash: 'SHA-256' };
const FINAL = ['finished', 'declined', 'cancelled', 'failed'];

/** Milliseconds that anything may take on a machine that is busy with other things. */
export const PATIENCE = 20_000;

/** What code that is run as it is printed takes for `Mohr`: its network is ours, and 300 ms are a while here. */
export const printed = (Mohr, ports, storage) =>
  class extends Mohr {
    constructor() {
      super({ storage, origin: ORIGIN, way: direct('http', { fetch: network(ports) }) });
    }

    signOrGoOn(documents, options) {
      return super.signOrGoOn(documents, { deadline: PATIENCE, ...options });
    }
  };

/** A store that forgets with the test. */
export function memory() {
  const kept = new Map();
  return {
    kept,
    get: async (key) => kept.get(key),
    set: async (key, value) => void kept.set(key, structuredClone(value)),
    delete: async (key) => void kept.delete(key),
    list: async (prefix) => [...kept].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value),
  };
}

/** A program on a port of ours that passes everything on to the agent at `port`, and keeps note of what it sees. */
export function relay(agent, port) {
  const seen = [];
  const fetch = (url, init) => {
    const there = new URL(url);
    there.port = port;
    seen.push({ method: init.method ?? 'GET', path: there.pathname, body: init.body });
    return agent.fetch(there.href, init);
  };
  return { seen, fetch };
}

/** What a browser makes of a closed port. */
export const refuse = async () => {
  throw new TypeError('Failed to fetch');
};

/** What a browser makes of a port that is slow to refuse, or of its own open prompt. */
export const hang = (url, { signal } = {}) =>
  new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason));
  });

/** A network of this computer: port -> fetch. */
export const network = (ports) => (url, init) => (ports[new URL(url).port] ?? refuse)(url, init);

const json = (status, body, headers = {}, type = 'application/json') =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': type, ...headers } });
const problem = (status, code) =>
  json(
    status,
    {
      type: 'about:blank',
      title: `title of ${code}`,
      status,
      code,
      remedy: `remedy of ${code}`,
      instance: 'i-1',
    },
    {},
    'application/problem+json',
  );

export class Agent {
  /** Every request as [method, path with query]. */
  calls = [];
  /** Signing requests: id -> {view, body, key}. */
  requests = new Map();
  paired = undefined;
  pairing = undefined;
  answerPairing = 'accepted';
  /** What a DELETE makes of an open request; `signing` where the token is already at work. */
  afterDelete = 'cancelled';
  /** Turns a finished answer into what arrives: (response, call) => response, or throws. */
  onTheWay = (response) => response;
  /** Every event stream that was opened: {lastId, open, say(event, id, data), end()}. */
  streams = [];
  /** Opens streams and says nothing on them. */
  silent = false;
  #watchers = new Set();

  static async make() {
    const agent = new Agent();
    agent.key = await ceremony.generateKey();
    agent.keyid = await ceremony.keyId(agent.key.point);
    return agent;
  }

  /** Pair without the ceremony; gives the panel's store. */
  async pairedStore() {
    const key = await ceremony.generateKey();
    const store = memory();
    const agent = { point: this.key.point, keyid: this.keyid };
    const pairing = { privateKey: key.privateKey, keyid: await ceremony.keyId(key.point), agent };
    store.kept.set('pairing', pairing);
    this.paired = { point: key.point, keyid: pairing.keyid };
    return store;
  }

  /** Move a request, and wake whoever waits for it. */
  move(id, state, documents = {}) {
    const request = this.requests.get(id);
    request.view = {
      ...request.view,
      state,
      documents: request.view.documents?.map((document) => ({ ...document, ...documents })),
    };
    for (const wake of [...this.#watchers]) wake();
  }

  sign(id) {
    this.move(id, 'finished', {
      state: 'signed',
      signature: 'AAAA',
      certificate: 'BBBB',
      signed_at: '2026-11-22T06:45:00Z',
    });
  }

  /** End a sign-in with a token. */
  letIn(id, token) {
    this.move(id, 'finished');
    Object.assign(this.requests.get(id).view, { token, certificate: 'BBBB' });
  }

  /** End a certificate request, or the keeping of a certificate, with what came of it. */
  done(id, result) {
    this.move(id, 'finished');
    Object.assign(this.requests.get(id).view, result);
  }

  /** Lost its memory, not its keys and not its journal. */
  restart() {
    this.requests.clear();
  }

  /** Resolves when a call of that kind has come in. */
  async called(method, path) {
    const end = Date.now() + PATIENCE;
    while (!this.calls.some(([m, p]) => m === method && p.startsWith(path))) {
      assert.ok(Date.now() < end, `${method} ${path} was not called`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  fetch = async (url, init = {}) => {
    const { host, pathname, search, searchParams } = new URL(url);
    const method = init.method ?? 'GET';
    init.signal?.throwIfAborted();
    assert.equal(init.mode, 'cors');
    assert.equal(init.credentials, 'omit');
    this.calls.push([method, pathname + search]);
    const call = { method, path: pathname, url, init };
    if (pathname === '/v1/agent')
      return this.onTheWay(await this.#prove(host, searchParams.get('challenge')), call);
    if (pathname.startsWith('/v1/pairings'))
      return this.onTheWay(await this.#pair(method, pathname, init), call);
    const signature = await this.#admit(call);
    if (signature === undefined) return this.onTheWay(problem(401, 'signature-invalid'), call);
    if (pathname === '/v1/events') return this.onTheWay(await this.#stream(init, signature), call);
    const answer = await this.#serve(call, Number(searchParams.get('wait') ?? 0));
    return this.onTheWay(await this.#signed(answer, signature), call);
  };

  /** Resolves with the stream of that number, counted from 0. */
  async stream(number) {
    while (this.streams.length <= number) await new Promise((resolve) => setImmediate(resolve));
    return this.streams[number];
  }

  async #stream({ headers, signal }, requestSignature) {
    let controller;
    const opened = Buffer.from(requestSignature.slice(1, -1), 'base64');
    const stream = {
      lastId: headers['Last-Event-ID'],
      open: true,
      say: async (event, id, data, { forged = false } = {}) => {
        const json = JSON.stringify(data);
        const signature = await this.#sign(eventMessage(opened, event, forged ? 'another' : id, json));
        const named = id && `id: ${id}\n`;
        const text = `event: ${event}\n${named}data: ${json}\ndata: ${protocol.b64u(signature)}\n\n`;
        // In pieces that end anywhere.
        const octets = protocol.utf8(text);
        controller.enqueue(octets.slice(0, 50));
        controller.enqueue(octets.slice(50));
      },
      end: () => controller.close(),
    };
    const stop = () => (stream.open = false);
    signal?.addEventListener('abort', () => {
      if (stream.open) controller.error(signal.reason);
      stop();
    });
    const body = new ReadableStream({ start: (given) => void (controller = given), cancel: stop });
    if (!this.silent) await stream.say('hello', '', { api: 1 });
    this.streams.push(stream);
    return new Response(body, { status: 200, headers: { 'Content-Type': 'text/event-stream' } });
  }

  async #prove(authority, challenge) {
    if (!this.paired) return json(200, { api: 1, paired: false, challenge });
    const message = protocol.challengeMessage(ORIGIN, authority, protocol.unb64u(challenge));
    const proof = protocol.b64u(await this.#sign(message));
    return json(200, {
      api: 1,
      paired: true,
      challenge,
      name: 'Mohr',
      version: '0.1.0',
      state: 'ready',
      keyid: this.keyid,
      proof,
    });
  }

  async #pair(method, path, { body }) {
    const said = body && JSON.parse(new TextDecoder().decode(body));
    if (path === '/v1/pairings') {
      const nonce = protocol.random(32);
      this.pairing = { id: 'p-1', commitment: said.commitment, nonce };
      const commitment = await ceremony.commitment('agent', this.key.point, nonce);
      return json(202, { id: 'p-1', commitment, expires_at: '2026-11-22T06:45:00Z' });
    }
    if (method === 'POST') {
      const [point, nonce] = [said.key, said.nonce].map(protocol.unb64u);
      assert.equal(await ceremony.commitment('panel', point, nonce), this.pairing.commitment);
      this.pairing.panel = { point, nonce };
      const { key, pairing } = this;
      pairing.code = await ceremony.pairingCode(ORIGIN, point, key.point, nonce, pairing.nonce);
      return json(200, {
        id: 'p-1',
        state: 'waiting',
        key: protocol.b64u(key.point),
        nonce: protocol.b64u(pairing.nonce),
      });
    }
    const state = this.answerPairing;
    const { point } = this.pairing.panel;
    if (state === 'accepted') this.paired = { point, keyid: await ceremony.keyId(point) };
    return json(200, { id: 'p-1', state });
  }

  async #serve({ method, path, init }, wait) {
    if (path === '/v1/credentials')
      return json(200, { credentials: [{ id: 'c-1', holder: 'دکتر نمونه', usable: true }] });
    if (method === 'POST') return this.#submit(init, path);
    const request = this.requests.get(path.split('/').pop());
    if (!request) return problem(404, 'request-unknown');
    const open = !FINAL.includes(request.view.state);
    if (method === 'DELETE' && open)
      this.move(request.view.id, this.afterDelete, { state: this.afterDelete });
    else if (wait && open) await this.#news(init.signal);
    return json(200, request.view);
  }

  #submit({ headers, body }, path) {
    const text = new TextDecoder().decode(body);
    const key = headers['Idempotency-Key'];
    const known = [...this.requests.values()].find((request) => request.key === key);
    if (known && known.text !== text) return problem(422, 'idempotency-conflict');
    if (known) return json(200, known.view);
    const id = `r-${this.calls.length}`;
    const documents = JSON.parse(text).documents?.map((document) => ({
      id: document.id,
      state: 'pending',
      format: 'cades',
    }));
    const view = { id, state: 'consent', position: 0, documents };
    this.requests.set(id, { key, text, view });
    return json(202, view, { Location: `${path}/${id}` });
  }

  #news(signal) {
    return new Promise((resolve, reject) => {
      const wake = () => {
        this.#watchers.delete(wake);
        resolve();
      };
      this.#watchers.add(wake);
      if (signal?.aborted) reject(signal.reason);
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  }

  async #admit({ method, url, init: { headers, body = protocol.utf8('') } }) {
    const parameters = /created=(\d+);nonce="([\w-]+)";keyid="([\w-]+)"/.exec(headers['Signature-Input']);
    const [, created, nonce, keyid] = parameters;
    const digest = await messages.contentDigest(body);
    const idempotencyKey = headers['Idempotency-Key'];
    const { base, input } = messages.requestBase({
      method,
      url,
      digest,
      idempotencyKey,
      created: Number(created),
      nonce,
      keyid,
    });
    assert.equal(headers['Content-Digest'], digest);
    assert.equal(headers['Signature-Input'], input);
    assert.equal(headers['Content-Type'], body.length ? 'application/json' : undefined);
    const value = /^mohr=(:.*:)$/.exec(headers.Signature)[1];
    const octets = Buffer.from(value.slice(1, -1), 'base64');
    const key = await crypto.subtle.importKey(
      'raw',
      this.paired.point,
      { name: 'ECDSA', namedCurve: 'P-256' },
      true,
      ['verify'],
    );
    const good =
      keyid === this.paired.keyid &&
      (await crypto.subtle.verify(ECDSA_SHA256, key, octets, protocol.utf8(base)));
    return good ? value : undefined;
  }

  async #signed(answer, requestSignature) {
    const body = new Uint8Array(await answer.arrayBuffer());
    const digest = await messages.contentDigest(body);
    const params = `("@status" "content-type" "content-digest" "signature";req;key="mohr");created=1795000000;keyid="${this.keyid}";alg="ecdsa-p256-sha256";tag="mohr-agent"`;
    const base = [
      `"@status": ${answer.status}`,
      `"content-type": ${answer.headers.get('content-type')}`,
      `"content-digest": ${digest}`,
      `"signature";req;key="mohr": ${requestSignature}`,
      `"@signature-params": ${params}`,
    ].join('\n');
    const headers = new Headers(answer.headers);
    headers.set('Content-Digest', digest);
    headers.set('Signature-Input', `mohr=${params}`);
    headers.set('Signature', `mohr=:${protocol.base64(await this.#sign(protocol.utf8(base)))}:`);
    return new Response(body, { status: answer.status, headers });
  }

  async #sign(message) {
    return new Uint8Array(await crypto.subtle.sign(ECDSA_SHA256, this.key.privateKey, message));
  }
}
