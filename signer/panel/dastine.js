/**
 * Dastine's function names on Mohr: for a page that was written for that product's `dastine.js` and moves to Mohr.
 *
 * It speaks to Mohr alone and listens on nobody's port. What Mohr does not do, SHA-1 and PINs from a page above all, is
 * refused with a code of Dastine's and, in `event.data.mohr`, a sentence that says what to change. Names, the order of
 * parameters and codes are those of copies of `dastine.js` in public repositories; that product itself has not been run
 * here. `docs/migration-from-dastine.md` has the table.
 *
 * @module
 */

import { explainMove } from './dastine-words.js';
import { MohrError, Mohr } from './mohr.js';
import { explain } from './words.js';

/** @typedef {import('./mohr.js').Credential} Credential */
/** @typedef {import('./words.js').Language} Language */
/** @typedef {{code: string, title: string, remedy: string}} Reason in Mohr's words */
/** @typedef {{data: {command: string, Result: string, mohr?: Reason}}} Answer `Result` is the value, or a code of Dastine's */
/** @typedef {(event: Answer) => void} Callback */

/** Mohr's codes as Dastine's numbers; whatever is not here is 10, an unknown error. */
const NUMBERS = {
  ...{ 'certificate-not-selected': '11', 'credential-not-there': '11', 'hash-not-offered': '12' },
  ...{ 'consent-declined': '18', declined: '18', cancelled: '18', 'request-cancelled': '18', 'pin-cancelled': '18' },
  ...{ 'call-not-offered': '19', 'secret-in-page': '19', 'certificate-comes-later': '19', 'attributes-not-offered': '19' },
  ...{ 'key-usages-not-offered': '19' },
  ...{ 'not-paired': '20', denied: '20', 'origin-refused': '20', 'subject-unknown': '22', 'no-certificate': '25' },
  ...{ 'pin-locked': '29', 'token-removed': '30', 'not-base64': '34', 'digest-refused': '35', 'data-unreadable': '35' },
  ...{ 'document-refused': '35', 'document-unreadable': '35', 'request-too-large': '35', 'token-absent': '89' },
  ...{ 'agent-lost': '120', 'request-expired': '120' },
};

/** What Mohr has no like of, and what a page must not hold. */
const NOT_OFFERED = (
  'CheckUpdate InstallUpdate GetProviderName FindCertificateFromToken ListTokens GenerateKeyPairAndCertificateRequest ' +
  'GenerateKeyPairAndCertificateRequestOnSelectedCertificate GenerateCertificateRequestBySelectedCertificate ' +
  'ImportIssuedCertificate ImportIssuedCertificateOnSelectedCertificate CmsDecrypt RemoveSelectedCertificate ' +
  'RemoveGeneratedKeyPair ChangePIN UnblockPIN ReadSignatureImage ReadFingerprintImage ReadFaceImage ReadValidationData ' +
  'ReadPrintedData ReadExtendedPrintedData ReadCustomField ReadSerialNumber'
).split(' ');
const SECRETS = (
  'SetPIN SetAdminKey SelectCertificateFromFileByUI SelectCertificateFromFileBySubject ImportCertificateFromFileToToken'
).split(' ');
/** Lengths of SHA-1, SHA-224, SHA-256, SHA-384 and SHA-512, in octets. */
const DIGESTS = [20, 28, 32, 48, 64];

/** A refusal of this module's own. */
class Refused extends Error {}

/**
 * An object with Dastine's names. A page puts it where the old one was: `window.Dastine = dastine()`.
 *
 * Each function calls back as Dastine does, and gives a promise of the same event, which never rejects.
 *
 * @param {{mohr?: Mohr, language?: Language}} [options]
 */
export function dastine({ mohr = new Mohr(), language = 'fa' } = {}) {
  /** @type {Credential | undefined} chosen by the page; where there are several, the doctor chooses in Mohr's window */
  let chosen;
  /** @type {string | undefined} base64 of the DER, once a signature has brought it */
  let certificate;
  let selected = false;
  /** @type {Map<string, string>} content and way of signing: the key of a request that did not come to its end */
  const unfinished = new Map();
  let watching = new AbortController();

  /** @param {unknown} error @returns {Reason} */
  function reason(error) {
    if (error instanceof Refused) return { code: error.message, ...explainMove(error.message, language) };
    if (!(error instanceof MohrError)) return { code: 'unexpected', title: String(error), remedy: '' };
    return { code: error.code, ...(explain(error.code, language) ?? { title: error.title, remedy: error.remedy }) };
  }

  /**
   * @param {string} command @param {Callback | undefined} callback @param {() => Promise<string>} act
   * @returns {Promise<Answer>}
   */
  async function answer(command, callback, act) {
    /** @type {Answer} */
    const event = { data: { command, Result: '0' } };
    try {
      event.data.Result = await act();
    } catch (error) {
      event.data.mohr = reason(error);
      event.data.Result = /** @type {Record<string, string>} */ (NUMBERS)[event.data.mohr.code] ?? '10';
    }
    callback?.(event);
    return event;
  }

  /** @param {string} [issuer] @param {unknown} [usages] @param {string} [subject] @returns {Promise<string>} */
  async function select(issuer, usages, subject) {
    if (usages) throw new Refused('key-usages-not-offered');
    const usable = (await mohr.credentials()).filter(({ usable }) => usable);
    const fitting = usable.filter((one) => {
      return (!issuer || one.issuer.includes(issuer)) && (!subject || subject.includes(one.holder));
    });
    if (!fitting.length) throw new Refused(subject && usable.length ? 'subject-unknown' : 'no-certificate');
    chosen = fitting.length === 1 ? fitting[0] : undefined;
    if (!chosen && (issuer || subject)) throw new Refused('subject-unknown');
    selected = true;
    certificate = undefined;
    return '0';
  }

  /** @param {string} data base64 @param {boolean} attached @param {unknown} hash @returns {Promise<string>} base64 of a CMS */
  async function signed(data, attached, hash) {
    if (!/^SHA-?256$/i.test(String(hash))) throw new Refused('hash-not-offered');
    if (!selected) throw new Refused('certificate-not-selected');
    const { content, media_type } = readable(data);
    const act = `${attached} ${chosen?.id} ${data}`;
    const idempotencyKey = unfinished.get(act) ?? `dastine-${crypto.randomUUID()}`;
    unfinished.set(act, idempotencyKey);
    const document = /** @type {const} */ ({ id: idempotencyKey, media_type, content, format: 'cms', attached });
    try {
      const result = await mohr.sign([document], { idempotencyKey, credential: chosen?.id });
      unfinished.delete(act);
      const [{ signature, problem }] = result.documents;
      if (!signature) throw new MohrError(result.reason ?? result.state, { problem });
      certificate = result.documents[0].certificate;
      // The page has it from here on; a page that reloads before it saved it asks the doctor again.
      await mohr.forget(idempotencyKey);
      return signature;
    } catch (error) {
      if (!(error instanceof MohrError && error.retriable)) unfinished.delete(act);
      throw error;
    }
  }

  /** @param {string} command @param {string} why */
  const refusing = (command, why) => {
    /** @param {...unknown} given the last function among them is called back */
    return (...given) => {
      const [callback] = given.filter((one) => typeof one === 'function').reverse();
      return answer(command, /** @type {Callback | undefined} */ (callback), () => Promise.reject(new Refused(why)));
    };
  };
  const refused = Object.fromEntries([
    ...NOT_OFFERED.map((name) => [name, refusing(name, 'call-not-offered')]),
    ...SECRETS.map((name) => [name, refusing(name, 'secret-in-page')]),
    ['CmsSignWithAttributes', refusing('CmsSignWithAttributes', 'attributes-not-offered')],
  ]);

  /** @param {string} command @returns {(subject: string, issuer?: string, usages?: unknown, callback?: Callback) => Promise<Answer>} */
  const bySubject = (command) => (subject, issuer, usages, callback) =>
    answer(command, callback, () => select(issuer, usages, subject));
  /** @param {string} command @returns {(issuer?: string, usages?: unknown, callback?: Callback) => Promise<Answer>} */
  const byDoctor = (command) => (issuer, usages, callback) => answer(command, callback, () => select(issuer, usages));

  const names = {
    isInstalled: false,
    errorMessage: 'DASTINE_NOT_INSTALLED',

    SelectCertificateFromTokenByUI: byDoctor('SelectCertificateFromTokenByUI'),
    SelectCertificateFromWindowsByUI: byDoctor('SelectCertificateFromWindowsByUI'),
    SelectCertificateFromTokenBySubject: bySubject('SelectCertificateFromTokenBySubject'),
    SelectCertificateFromWindowsBySubject: bySubject('SelectCertificateFromWindowsBySubject'),

    /** The certificate that the last signature was made with, base64 of its DER. @param {Callback} [callback] */
    GetSelectedCertificate: (callback) =>
      answer('GetSelectedCertificate', callback, async () => {
        if (!certificate) throw new Refused(selected ? 'certificate-comes-later' : 'certificate-not-selected');
        return certificate;
      }),

    /**
     * A detached CMS, where Dastine gives the bare value of RSA: Mohr signs documents, with attributes.
     *
     * @param {string} data base64 of the document @param {string} hash 'SHA256' @param {Callback} [callback]
     */
    Sign: (data, hash, callback) => answer('Sign', callback, () => signed(data, false, hash)),

    /**
     * A CMS. One version of `dastine.js` has the hash in second place and no `attach`: attached then.
     *
     * @param {string} data base64 of the document @param {boolean | string} attach @param {Callback} [callback]
     * @param {string} [hash] 'SHA256'; Dastine takes SHA-1 where there is none, so it must be there
     */
    CmsSign: (data, attach, callback, hash) =>
      answer('CmsSign', callback, () =>
        typeof attach === 'string' ? signed(data, true, attach) : signed(data, attach, hash),
      ),

    /** Mohr's version. @param {Callback} [callback] */
    GetVersion: (callback) =>
      answer('GetVersion', callback, async () => {
        const { state, agent } = await (await mohr.detect()).final;
        if (!agent) throw new MohrError(state);
        return agent.version;
      }),

    /** Forgets the selection, and ends the watch over tokens. @param {Callback} [callback] */
    Reset: (callback) =>
      answer('Reset', callback, async () => {
        [chosen, certificate, selected] = [undefined, undefined, false];
        watching.abort();
        watching = new AbortController();
        return '0';
      }),

    /** @param {Callback} [callback] @param {Callback} [handler] called for each token that comes; at once for one that is there */
    SetTokenInsertEvent: (callback, handler) =>
      answer('SetTokenInsertEvent', callback, async () => (watch('insert', handler), '0')),
    /** @param {Callback} [callback] @param {Callback} [handler] called for each token that goes */
    SetTokenRemoveEvent: (callback, handler) =>
      answer('SetTokenRemoveEvent', callback, async () => (watch('remove', handler), '0')),

    /** Nothing of Dastine's configuration means anything to Mohr; it is let through unread. @param {unknown} _ @param {Callback} [callback] */
    SetConfig: (_, callback) => answer('SetConfig', callback, async () => '0'),

    /** @param {string} text @param {Callback} [callback] */
    UnicodeToBase64: (text, callback) =>
      answer('UnicodeToBase64', callback, async () => {
        const octets = new TextEncoder().encode(text);
        return btoa(Array.from(octets, (octet) => String.fromCharCode(octet)).join(''));
      }),

    /** @param {string} data @param {Callback} [callback] */
    Base64ToUnicode: (data, callback) =>
      answer('Base64ToUnicode', callback, async () => new TextDecoder().decode(octetsOf(data))),
  };

  /** @param {'insert' | 'remove'} which @param {Callback} [handler] */
  const watch = (which, handler) => {
    let had = 0;
    const onEvent = (/** @type {import('./mohr.js').Happening} */ { event, data }) => {
      if (event !== 'tokens') return;
      const now = data.tokens.length;
      const changed = which === 'insert' ? now > had : now < had;
      had = now;
      if (changed) handler?.({ data: { command: which === 'insert' ? 'TokenInsertHandler' : 'TokenRemoveHandler', Result: '0' } });
    };
    mohr.events({ onEvent, signal: watching.signal }).catch(() => {});
  };

  const ready = (async () => {
    const { state } = await (await mohr.detect()).final;
    names.isInstalled = state === 'ready' || state === 'no-token';
    if (!names.isInstalled && state !== 'no-answer') names.errorMessage = `MOHR_${state.replace(/-/g, '_').toUpperCase()}`;
    if (names.isInstalled) /** @type {any} */ (globalThis).DastineInitializedCallback?.();
    return state;
  })();

  // To a checker of types what is refused is not there.
  return Object.assign(names, /** @type {{}} */ (refused), {
    /** Resolves with the state of `Mohr.detect` once `isInstalled` is true to it. */
    ready,
  });
}

/** @param {string} data @returns {Uint8Array<ArrayBuffer>} */
function octetsOf(data) {
  try {
    return Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  } catch {
    throw new Refused('not-base64');
  }
}

/**
 * What the data is, so that Mohr can show it. A digest is refused, its octets and its hexadecimal digits alike.
 *
 * @param {string} data base64
 * @returns {{content: Uint8Array<ArrayBuffer>, media_type: string}}
 */
function readable(data) {
  const content = octetsOf(data);
  let text;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    if (String.fromCharCode(...content.subarray(0, 5)) === '%PDF-') return { content, media_type: 'application/pdf' };
    throw new Refused(DIGESTS.includes(content.length) ? 'digest-refused' : 'data-unreadable');
  }
  if (text.startsWith('%PDF-')) return { content, media_type: 'application/pdf' };
  if (DIGESTS.some((length) => /^[0-9a-f]+$/i.test(text) && text.length === 2 * length)) throw new Refused('digest-refused');
  // UTF-16, as Dastine's own UnicodeToBase64 writes it, has a zero beside every Latin letter and space.
  if (text.includes('\0')) throw new Refused('data-unreadable');
  if (text.startsWith('<')) return { content, media_type: 'application/xml' };
  try {
    const media_type = JSON.parse(text)?.mohr === 1 ? 'application/vnd.mohr.prescription+json' : 'application/json';
    return { content, media_type };
  } catch {
    return { content, media_type: 'text/plain' };
  }
}
