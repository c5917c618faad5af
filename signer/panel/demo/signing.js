/**
 * What the panel does with Mohr: one prescription or many in one request, on again after a reload, and what became of each.
 *
 * The id of a prescription is the name of its request, so that the same octets under it are never signed twice.
 *
 * @module
 */

import { MohrError } from '../mohr.js';
import { explain } from '../words.js';
import { inWords, titleOf } from './agent.js';
import * as ending from './ending.js';
import { at, tell } from './page.js';
import { prescription } from './prescription.js';
import * as records from './records.js';
import * as server from './server.js';
import { clock, language, latin, number, say } from './text.js';

/** @typedef {import('../mohr.js').Mohr} Mohr */
/** @typedef {import('../mohr.js').Result} Result */
/** @typedef {import('../mohr.js').SignedDocument} SignedDocument */
/** @typedef {import('./records.js').Entry} Entry */

const PRESCRIPTION = 'application/vnd.mohr.prescription+json';
/** Milliseconds for an agent that was there a moment ago, on a computer that may be busy; without one, the SDK's own. */
const PATIENCE = 1200;
/** Codes of a person who said no. */
const DECLINED = ['consent-declined', 'declined'];
const TAKEN_BACK = ['request-cancelled', 'cancelled'];

/** @param {import('./prescription.js').Draft} draft @returns {Entry} its octets are made once, here */
export function written(draft) {
  const content = new TextEncoder().encode(JSON.stringify(prescription(draft)));
  return { id: `rx-${crypto.randomUUID().slice(0, 8)}`, draft, content, standing: 'waiting' };
}

export class Signing {
  /** Something is under way. */
  busy = false;
  /** @type {(() => Promise<void>) | undefined} where nobody knows how it ended: the same once more, before anything else */
  again;
  #mohr;
  #seen;
  #onEnd;

  /** @param {Mohr} mohr @param {() => boolean} seen is the agent known to be there? @param {(kind: ending.Kind) => void} onEnd */
  constructor(mohr, seen, onEnd) {
    this.#mohr = mohr;
    this.#seen = seen;
    this.#onEnd = onEnd;
  }

  /**
   * Have them signed in one request. Also the way to try again: the same entries under the same name.
   *
   * @param {Entry[]} entries @param {string} [name] of the request
   */
  async send(entries, name = entries.length === 1 ? entries[0].id : `many-${crypto.randomUUID().slice(0, 8)}`) {
    const documents = entries.map(({ id, content }) => {
      return { id, media_type: PRESCRIPTION, content: /** @type {Uint8Array} */ (content) };
    });
    showProgress({ state: 'received' });
    await this.#whileBusy(
      async (signal) => {
        if (await server.available()) await Promise.all(entries.map(({ id, content }) => content && server.keep(id, content)));
        for (const entry of entries) records.update(entry, { standing: 'sent', reason: undefined });
        const deadline = this.#seen() ? PATIENCE : undefined;
        return this.#mohr.signOrGoOn(documents, { idempotencyKey: name, onState: showProgress, signal, deadline });
      },
      entries,
      () => this.send(entries, name),
    );
  }

  /** After a reload the agent still knows the requests; the page needs no more than their names. */
  async resume() {
    for (const { idempotencyKey, documents } of await this.#mohr.pending()) {
      // Somebody was quicker: what is remembered now may be what is being signed.
      if (this.busy) return;
      const entries = documents.map((id) => /** @type {Entry} */ ({ id, standing: 'sent' }));
      for (const entry of entries) records.add(entry);
      tell('received', say('resuming'));
      await this.#whileBusy(
        (signal) => this.#mohr.resume(idempotencyKey, { signal, onState: showProgress }),
        entries,
      );
    }
  }

  /**
   * @param {(signal: AbortSignal) => Promise<Result>} act @param {Entry[]} entries
   * @param {() => Promise<void>} [again] the same once more
   */
  async #whileBusy(act, entries, again) {
    const controller = new AbortController();
    this.again = undefined;
    this.#setBusy(true);
    ending.hide();
    at('cancel').hidden = false;
    at('cancel').onclick = () => controller.abort();
    try {
      await this.#ended(await act(controller.signal), entries);
    } catch (error) {
      await this.#failed(error, entries, controller.signal.aborted ? undefined : again);
    } finally {
      this.#setBusy(false);
      at('cancel').hidden = true;
    }
  }

  /** @param {boolean} busy */
  #setBusy(busy) {
    this.busy = busy;
    at('sign').disabled = busy;
    // A sheet whose fate is open is not edited: under another id it might be signed twice.
    for (const id of ['sign-many', 'queue', 'paper']) at(id).disabled = busy || this.again !== undefined;
  }

  /** @param {Result} result @param {Entry[]} entries */
  async #ended({ signed, state, reason = '', idempotencyKey, documents }, entries) {
    if (state === 'unavailable') return this.#unsigned(reason, entries);
    for (const [index, document] of documents.entries()) {
      const { signature } = document;
      const news = signature ? { signature, reason: undefined } : { reason: () => because(document, reason) };
      records.update(entries[index], { standing: signature ? 'signed' : 'stopped', ...news });
    }
    const done = documents.filter(({ signature }) => signature);
    const kept = await this.#store(entries.filter(({ signature }) => signature));
    const forget = () => this.#mohr.forget(idempotencyKey);
    // Only now, where the server has them; where there is no server, once the person has seen them.
    if (kept) await forget();
    const missing = documents.find(({ signature }) => !signature);
    if (missing) {
      const title = () => (done.length ? say('ended-part', done.length) : say('ended-stopped'));
      ending.show('stopped', () => ({ title: title(), more: because(missing, reason) }), { code: reason, onNext: forget });
    } else {
      const one = done.length === 1 ? entries[0] : undefined;
      const words = () => ({
        title: one ? say('ended-signed') : say('ended-signed-many', done.length),
        more: say(kept ? 'signed-more' : 'signed-no-server'),
        facts: one && factsOf(done[0], one),
      });
      ending.show('signed', words, { entry: one, onNext: forget });
    }
    this.#onEnd(signed ? 'signed' : 'stopped');
  }

  /** @param {Entry[]} entries @returns {Promise<boolean>} are they safe with the server? */
  async #store(entries) {
    if (!entries.length || !(await server.available())) return false;
    try {
      for (const entry of entries) {
        const octets = Uint8Array.from(atob(entry.signature ?? ''), (character) => character.charCodeAt(0));
        records.update(entry, { verdict: await server.judge(entry.id, octets) });
      }
      return true;
    } catch {
      // Not stored: Mohr keeps them for a day, under the same name.
      return false;
    }
  }

  /** No agent is ready: nothing was sent to one, and the prescriptions go on. @param {string} reason @param {Entry[]} entries */
  #unsigned(reason, entries) {
    const why = () => titleOf(/** @type {import('../mohr.js').AgentState} */ (reason));
    for (const entry of entries) records.update(entry, { standing: 'unsigned', reason: why });
    const [{ id, draft }, ...others] = entries;
    const words = () => ({
      title: say('ended-unsigned'),
      more: why() + say('unsigned-more'),
      facts: others.length ? [] : /** @type {ending.Fact[]} */ ([[say('patient'), draft?.patient.name ?? ''], [say('id'), latin(id)]]),
    });
    ending.show('unsigned', words, { code: reason });
    this.#onEnd('unsigned');
  }

  /** @param {unknown} error @param {Entry[]} entries @param {() => Promise<void>} [again] */
  async #failed(error, entries, again) {
    const code = error instanceof MohrError ? error.code : '';
    const unsettled = error instanceof MohrError && error.retriable && again !== undefined;
    for (const entry of entries) {
      records.update(entry, { standing: unsettled ? 'unsettled' : 'stopped', reason: () => inWords(error) });
    }
    if (code === 'request-unknown' && !again) {
      // After a reload the octets are gone, and with them the way to ask again.
      for (const { idempotencyKey } of await this.#mohr.pending()) await this.#mohr.forget(idempotencyKey);
      ending.show('stopped', () => ({ title: say('ended-unknown'), more: say('again-more') }), { code });
    } else if (unsettled) {
      this.again = again;
      const more = () => `${inWords(error)}. ${say('unsettled-more')}`;
      ending.show('stopped', () => ({ title: say('ended-unsettled'), more: more() }), { code, onRetry: again });
    } else {
      ending.show('stopped', () => ({ title: say('ended-stopped'), more: inWords(error) }), { code });
    }
    this.#onEnd('stopped');
  }
}

/** @param {{state: string, documents?: SignedDocument[]}} view */
function showProgress({ state, documents = [] }) {
  if (!['received', 'choosing', 'consent', 'signing'].includes(state)) return;
  const done = documents.filter((document) => document.state === 'signed').length;
  const count = documents.length > 1 ? ` ${number(done)}/${number(documents.length)}` : '';
  tell(state, say(state) + count);
}

/** @param {SignedDocument} document @param {string} reason @returns {string} why it is not signed, for a person */
function because({ problem, state }, reason) {
  const code = problem?.code ?? (state === 'signed' ? '' : state || reason);
  if (DECLINED.includes(code)) return say('stopped-declined');
  if (TAKEN_BACK.includes(code)) return say('stopped-cancelled');
  return `${problem?.title ?? explain(code, language)?.title ?? ''} ${problem?.remedy ?? ''} (${code})`.trim();
}

/** @param {SignedDocument} document @param {Entry} entry @returns {ending.Fact[]} */
function factsOf({ id, signature = '', signed_at = '', level }, { draft }) {
  const kilobytes = ((signature.length * 3) / 4 / 1024).toFixed(1);
  /** @type {ending.Fact[]} */
  const patient = draft ? [[say('patient'), draft.patient.name]] : [];
  return [
    ...patient,
    [say('id'), latin(id)],
    [say('signed-at'), clock(signed_at)],
    [say('format'), latin(`CAdES ${level ?? 'B-B'}`)],
    [say('size'), say('kilobytes').replace('#', language === 'fa' ? number(kilobytes).replace('.', '٫') : kilobytes)],
  ];
}
