/**
 * The panel's own server, as the page sees it: keeps each prescription before it is signed, and judges signatures.
 *
 * `../server/server.py` is one, `../server/sign_in.py` one that lets doctors in. Where the demo is served as plain files there is none: nothing is kept then, and a
 * signature is safe only once the person has taken it.
 *
 * @module
 */

/** @typedef {{verdict: string, signer: string | null, reasons: string[]}} Verdict what the server found, `valid` or not */

const API = new URL('../api/', import.meta.url);
/** @type {Promise<{panel?: number, sign_in?: boolean}> | undefined} */
let about;

const ask = () =>
  (about ??= fetch(API)
    .then(async (answer) => (answer.ok ? answer.json() : {}))
    .catch(() => ({})));

/** @returns {Promise<boolean>} is there a server behind this page? */
export const available = async () => (await ask()).panel === 1;

/** @returns {Promise<boolean>} does it let doctors in? */
export const letsIn = async () => (await ask()).sign_in === true;

/** @param {string} method @param {string} path @param {BodyInit} [body] @returns {Promise<any>} */
async function call(method, path, body) {
  const answer = await fetch(new URL(path, API), { method, body });
  if (!answer.ok) throw new Error(`server: ${answer.status}`);
  return answer.status === 204 ? undefined : answer.json();
}

/** Before it is signed: the very octets. @param {string} id @param {Uint8Array<ArrayBuffer>} content */
export const keep = (id, content) => call('PUT', `prescriptions/${encodeURIComponent(id)}`, content);

/** @param {string} id @param {Uint8Array<ArrayBuffer>} signature @returns {Promise<Verdict>} */
export const judge = (id, signature) => call('PUT', `prescriptions/${encodeURIComponent(id)}/signature`, signature);

/** @returns {Promise<string>} for one sign-in */
export const nonce = async () => (await call('POST', 'nonces')).nonce;

/** @param {string} token @returns {Promise<{doctor: string | null}>} */
export const letIn = (token) => call('POST', 'sign-ins', token);
