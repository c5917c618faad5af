/**
 * Mohr's client for a prescribing panel: find the agent, pair with it, have documents signed.
 *
 * It speaks `docs/contract.md` over `docs/protocol.md` and shows nothing: the panel draws, Mohr's own window asks
 * the doctor. No PIN ever comes near it. README.md says how a panel uses it.
 *
 * @module
 */

import { MohrError } from './errors.js';
import { REACHED, search } from './find.js';
import { browserStore } from './store.js';
import { direct, wayOf } from './ways.js';

export { MohrError };

/** @typedef {import('./errors.js').Problem} Problem */
/** @typedef {import('./store.js').Store} Store */

/** @typedef {import('./call.js').Session} Session */
/** @typedef {import('./ways.js').Way} Way */
/** @typedef {import('./find.js').AgentState} AgentState */
/** @typedef {import('./find.js').Finding} Finding */
/** @typedef {import('./pairing.js').Verdict} Verdict */
/** @typedef {import('./signing.js').Document} Document */
/** @typedef {import('./signing.js').Result} Result */
/** @typedef {import('./signing.js').SignIn} SignIn */
/** @typedef {import('./signing.js').SignOptions} SignOptions */
/** @typedef {import('./certificates.js').Subject} Subject */
/** @typedef {import('./certificates.js').CertificateRequest} CertificateRequest */
/** @typedef {import('./certificates.js').KeptCertificate} KeptCertificate */
/** @typedef {import('./certificates.js').FollowOptions} FollowOptions */
/** @typedef {import('./request.js').RequestView} RequestView */
/** @typedef {import('./events.js').Happening} Happening */
/** @typedef {import('./events.js').EventsOptions} EventsOptions */
/** @typedef {import('./request.js').RequestState} RequestState */
/** @typedef {import('./request.js').SignedDocument} SignedDocument */

/**
 * @typedef {Finding & {settled: boolean, final: Promise<Detection>}} Detection `settled` is false where the deadline
 *   came before the browser knew; `final` is the same question's last word, and may take as long as a person
 *   takes to answer the browser's prompt
 *
 * @typedef {{idempotencyKey: string, id: string | null, documents: string[], at: number}} Pending a request that
 *   this browser remembers; `at` in milliseconds
 *
 * @typedef {{id: string, holder: string, council_number?: string, centre?: string, issuer: string,
 *   not_before: string, not_after: string, key: string, bits: number, token: string, usable: boolean,
 *   problem?: string}} Credential
 */

const PORTS = [18717, 18719, 18721];
/** Where a bridge helps: the browser or the page's own headers forbid what a window may do. */
const BRIDGED = ['denied', 'not-delegated', 'csp-blocked', 'no-answer-safari'];

/** @template T @param {Promise<T>} part a module that is loaded when it is wanted @returns {Promise<T>} */
const load = (part) =>
  part.catch(() => {
    throw new MohrError('part-missing');
  });
const signing = () => load(import('./signing.js'));
const certificates = () => load(import('./certificates.js'));

export class Mohr {
  #ports;
  #store;
  #way;
  #origin;
  /** @type {import('./bridge.js').Bridge | undefined} */
  #bridge;

  /**
   * @param {object} [options] a panel passes none; they are for tests and demonstrations
   * @param {number[]} [options.ports]
   * @param {Store} [options.storage]
   * @param {Way} [options.way]
   * @param {string} [options.origin] as the browser writes it into `Origin`
   */
  constructor({ ports = PORTS, storage = browserStore(), way, origin = globalThis.origin } = {}) {
    this.#ports = ports;
    this.#store = storage;
    this.#way = way ?? direct(wayOf(navigator.userAgent));
    this.#origin = origin;
  }

  /**
   * Is the agent there, and is it ours? Answers within `deadline`, whatever happens; nothing about a person is sent.
   *
   * @param {{signal?: AbortSignal, deadline?: number}} [options] `deadline` in milliseconds; a browser's timer may be
   *   late, and a panel is to know within 300
   * @returns {Promise<Detection>}
   */
  async detect({ signal, deadline = 280 } = {}) {
    signal?.throwIfAborted();
    // A browser that keeps nothing, such as a hardened private window, is one that is not paired.
    const pairing = this.#store.get('pairing').catch(() => undefined);
    const open = this.#bridge?.closed() ? undefined : this.#bridge;
    const place = {
      ports: open ? [open.port] : this.#ports,
      way: open ?? this.#way,
      ...{ origin: this.#origin, pairing },
    };
    const { end, soFar } = search(place, signal);
    /** @type {Promise<Detection>} */
    const final = end.then((found) => ({ ...found, settled: true, final }));
    // What signs is there before it is wanted: a panel's server may have other files by then.
    final.then(({ state }) => void (REACHED.includes(state) && signing().catch(() => {}))).catch(() => {});
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    /** @type {Promise<Detection>} */
    const late = new Promise((resolve) => {
      timer = setTimeout(() => resolve({ ...soFar(), settled: false, final }), deadline);
    });
    try {
      return await Promise.race([final, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Start an installed agent that does not run, and wait until it answers. Call it from a click, after `detect` said
   * `no-answer` to a browser that is `paired`. The browser asks the person; where Mohr is not installed nothing happens.
   *
   * @param {{signal?: AbortSignal, deadline?: number}} [options] `deadline` in milliseconds
   * @returns {Promise<Detection>} as of `detect`: still `no-answer` where none answered by then
   * @throws {MohrError} `not-paired` where this browser never was, `click-needed`
   */
  async start({ signal, deadline = 20_000 } = {}) {
    if (!(await this.#store.get('pairing'))) throw new MohrError('not-paired');
    const { start } = await load(import('./start.js'));
    return start(() => this.detect({ signal, deadline: 1000 }), { signal, deadline });
  }

  /**
   * Open the bridge window, for a browser or a page that lets nothing else through. Call it from a click, after
   * `detect` said `denied`, `not-delegated`, `csp-blocked` or `no-answer-safari`; what follows goes through it until it is closed.
   * `pair` and `sign` open it by themselves where they are called from a click.
   *
   * @param {{signal?: AbortSignal}} [options]
   * @throws {MohrError} `popup-blocked`, `bridge-silent`
   */
  async openBridge({ signal } = {}) {
    this.#bridge?.close();
    this.#bridge = undefined;
    const { bridge } = await load(import('./bridge.js'));
    this.#bridge = await bridge(this.#ports, signal);
  }

  /** Close the bridge window, where there is one. */
  closeBridge() {
    this.#bridge?.close();
    this.#bridge = undefined;
  }

  /**
   * Pair with the agent. Call it from a click; show the digits of `onCode`, large, until it ends.
   *
   * @param {{onCode: (code: string, expiresAt: Date) => void, signal?: AbortSignal}} options
   * @returns {Promise<Verdict>} what the doctor said in Mohr's window
   * @throws {MohrError}
   */
  async pair({ onCode, signal }) {
    const { state, base = '' } = await this.#reach(signal);
    if (![...REACHED, 'not-paired'].includes(state)) throw new MohrError(state);
    const { fetch } = this.#bridge ?? this.#way;
    const { agree } = await load(import('./pairing.js'));
    const { verdict, pairing } = await agree({ fetch, base, origin: this.#origin, onCode, signal });
    if (pairing) await this.#store.set('pairing', pairing);
    return verdict;
  }

  /** Forget the agent's key and ours. The agent keeps its half until the doctor removes it there. */
  async unpair() {
    await this.#store.delete('pairing');
  }

  /**
   * The certificates on every connected token, those that cannot sign too.
   *
   * @param {{signal?: AbortSignal}} [options]
   * @returns {Promise<Credential[]>}
   * @throws {MohrError}
   */
  async credentials({ signal } = {}) {
    const { call } = await load(import('./call.js'));
    return (await call(await this.#session(signal), 'GET', '/v1/credentials', { signal })).credentials;
  }

  /**
   * Have documents signed. Waits for the browser's prompt, for the agent and for the doctor.
   *
   * The same documents with the same `idempotencyKey` give the same signatures again for 24 hours, so after any
   * error the right thing to do is to call it again. Aborting `signal` cancels at the agent, and the promise then
   * resolves with what became of the request, since a signature may have been made before.
   *
   * @param {Document[]} documents 1 to 250
   * @param {SignOptions} [options]
   * @returns {Promise<Result>} also where the doctor declined
   * @throws {MohrError} or the signal's reason, where nothing had been sent
   */
  sign(documents, options = {}) {
    return this.#with(signing, options, (part, requests) => part.sign(requests, documents, options));
  }

  /**
   * As `sign`, but where no agent is ready within `deadline` it says so instead of waiting, and the panel goes on unsigned.
   *
   * A doctor's *no* is a `declined` result, not an `unavailable` one: do not send that prescription at all.
   *
   * @param {Document[]} documents
   * @param {SignOptions & {deadline?: number}} [options] `deadline` in milliseconds
   * @returns {Promise<Result>}
   * @throws {MohrError} once the agent has the documents
   */
  async signOrGoOn(documents, options = {}) {
    const { state, base } = await this.detect(options);
    if (REACHED.includes(state) && base) {
      return this.#with(signing, options, (part, requests) => part.sign(requests, documents, options), base);
    }
    const idempotencyKey = options.idempotencyKey ?? crypto.randomUUID();
    return { signed: false, state: 'unavailable', reason: state, idempotencyKey, documents: [] };
  }

  /**
   * Have the doctor sign in with the token. What comes of it is for the panel's server to check.
   *
   * Nothing of it is remembered in the browser: after a reload, ask the server for another nonce.
   *
   * @param {string} nonce of the panel's server: 32 to 64 random octets in base64url, used once
   * @param {{credential?: string, signal?: AbortSignal, onState?: (view: RequestView) => void}} [options]
   * @returns {Promise<SignIn>} also where the doctor declined
   * @throws {MohrError} or the signal's reason, where nothing had been sent
   */
  signIn(nonce, options = {}) {
    return this.#with(signing, options, (part, requests) => part.signIn(requests, nonce, options));
  }

  /**
   * Have a key made on the doctor's token, which it never leaves, and a certificate request (PKCS #10) for it.
   *
   * The doctor reads the subject in Mohr's window and types the PIN there. The same subject with the same
   * `idempotencyKey` gives the same request again, so after any error the right thing to do is to call it again.
   *
   * @param {Subject} subject
   * @param {FollowOptions & {key?: 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'ec-p256'}} [options]
   * @returns {Promise<CertificateRequest>} also where the doctor declined
   * @throws {MohrError} or the signal's reason, where nothing had been sent
   */
  requestCertificate(subject, options = {}) {
    return this.#with(certificates, options, (part, requests) =>
      part.requestCertificate(requests, subject, options),
    );
  }

  /**
   * Hand in an issued certificate, to be kept on the token that holds its key.
   *
   * @param {string | Uint8Array} certificate PEM or DER
   * @param {FollowOptions & {chain?: (string | Uint8Array)[]}} [options] `chain` stands above it, and is not kept
   * @returns {Promise<KeptCertificate>} also where the doctor declined
   * @throws {MohrError} or the signal's reason, where nothing had been sent
   */
  importCertificate(certificate, options = {}) {
    return this.#with(certificates, options, (part, requests) =>
      part.importCertificate(requests, certificate, options),
    );
  }

  /**
   * Hear of tokens and of this origin's requests as they change, first of how they are now, until `signal` aborts.
   *
   * One tab of the origin reads the agent's stream and tells the others. A stream that is lost is opened again, and
   * goes on where it stopped; `onProblem` is told why. Nothing but convenience may hang on an event that did not come.
   *
   * @param {EventsOptions} options
   * @returns {Promise<void>} resolves once `signal` aborts
   * @throws {MohrError} where trying again would not help: `not-paired`, `denied`, `impostor` and the like
   */
  async events(options) {
    const { events } = await load(import('./events.js'));
    // No window of the bridge opens by itself while a doctor does something else.
    const reach = async () => (await this.detect({ signal: options.signal })).final;
    return events(() => this.#session(options.signal, reach()), options);
  }

  /**
   * The requests that this browser still remembers: open ones, and signed ones until `forget`.
   *
   * Only ids are kept, in this origin's storage, for the 24 hours that the agent keeps results.
   *
   * @returns {Promise<Pending[]>} oldest first
   * @throws {MohrError} `part-missing`
   */
  async pending() {
    return (await signing()).pending(this.#store);
  }

  /**
   * After a reload: follow a pending request to its end.
   *
   * @param {string} idempotencyKey
   * @param {{signal?: AbortSignal, onState?: (view: RequestView) => void}} [options]
   * @returns {Promise<Result>}
   * @throws {MohrError} `request-unknown` where the agent was restarted: `sign` the same documents under this key
   */
  async resume(idempotencyKey, options = {}) {
    /** @type {Pending | undefined} */
    const entry = await this.#store.get(`pending/${idempotencyKey}`);
    if (!entry?.id) throw new MohrError('request-unknown');
    return this.#with(signing, options, (part, requests) => part.resume(requests, entry, options));
  }

  /**
   * Say that the signatures of a request are safe with the panel's server.
   *
   * @param {string} idempotencyKey
   */
  async forget(idempotencyKey) {
    await this.#store.delete(`pending/${idempotencyKey}`);
  }

  /**
   * @param {AbortSignal} [signal] @param {Promise<Finding>} [reach]
   * @returns {Promise<Session>} once the agent has proven itself
   */
  async #session(signal, reach = this.#reach(signal)) {
    const { state, base } = await reach;
    if (!REACHED.includes(state) || !base) throw new MohrError(state);
    return this.#at(base);
  }

  /**
   * @template P, R
   * @param {() => Promise<P>} part @param {{signal?: AbortSignal}} options
   * @param {(part: P, requests: import('./signing.js').Requests) => Promise<R>} act
   * @param {string} [base] where the agent has proven itself already
   * @returns {Promise<R>}
   */
  async #with(part, { signal }, act, base) {
    const loaded = await part();
    const session = await (base ? this.#at(base) : this.#session(signal));
    return act(loaded, { session, store: this.#store, reconnect: () => this.#session() });
  }

  /** @param {AbortSignal} [signal] @returns {Promise<Finding>} the last word, through the bridge where that is the way left */
  async #reach(signal) {
    const found = await (await this.detect({ signal })).final;
    if (!BRIDGED.includes(found.state) || !globalThis.navigator?.userActivation?.isActive) return found;
    await this.openBridge({ signal });
    return (await this.detect({ signal })).final;
  }

  /** @param {string} base @returns {Promise<Session>} */
  async #at(base) {
    const pairing = await this.#store.get('pairing');
    if (!pairing) throw new MohrError('not-paired');
    return { fetch: (this.#bridge ?? this.#way).fetch, base, pairing };
  }
}
