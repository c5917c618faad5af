/**
 * Certificates: having a key made on the doctor's token with a request for it, and handing in what was issued.
 *
 * @module
 */

import { base64 } from './protocol.js';
import { follow } from './request.js';

/** @typedef {import('./request.js').RequestState} RequestState */
/** @typedef {import('./request.js').RequestView} RequestView */
/** @typedef {import('./signing.js').Requests} Requests */

/**
 * @typedef {object} Subject who the certificate is for, and for which practice centre; codes are ASCII digits
 * @property {string} given_name
 * @property {string} surname
 * @property {string} national_code
 * @property {string} [council_number]
 * @property {string} [centre]
 * @property {string} [province]
 * @property {string} [city]
 *
 * @typedef {object} FollowOptions
 * @property {string} [idempotencyKey] the panel's own name for this act; the same one gives the same result again
 * @property {AbortSignal} [signal] takes it back, while nothing is made or kept
 * @property {(view: RequestView) => void} [onState] called whenever it has moved
 *
 * @typedef {object} CertificateRequest
 * @property {boolean} made
 * @property {RequestState} state
 * @property {string} idempotencyKey
 * @property {string} [request] the PKCS #10, base64 of the DER
 * @property {string} [pem] the same as authorities take it
 * @property {string} [reason] a code, where there is none
 *
 * @typedef {object} KeptCertificate
 * @property {boolean} kept
 * @property {RequestState} state
 * @property {string} idempotencyKey
 * @property {string} [credential] its id, with which `sign` can be asked for this certificate
 * @property {string} [reason] a code, where it is not kept
 */

/**
 * @param {Requests} requests @param {Subject} subject
 * @param {FollowOptions & {key?: 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'ec-p256'}} options
 * @returns {Promise<CertificateRequest>}
 */
export async function requestCertificate(requests, subject, { key, ...options }) {
  const { given_name, surname, national_code, council_number, centre, province, city } = subject;
  // Always the same members in the same order, since a repost must be the same octets.
  const asked = { given_name, surname, national_code, council_number, centre, province, city };
  const view = await toItsEnd(requests, '/v1/certificate-requests', { subject: asked, key }, options);
  const { request } = view;
  const kind = 'CERTIFICATE REQUEST';
  const pem = request && `-----BEGIN ${kind}-----\n${lines(request)}\n-----END ${kind}-----\n`;
  return { made: !!request, request, pem, ...ending(view, !!request) };
}

/**
 * @param {Requests} requests @param {string | Uint8Array} certificate
 * @param {FollowOptions & {chain?: (string | Uint8Array)[]}} options
 * @returns {Promise<KeptCertificate>}
 */
export async function importCertificate(requests, certificate, { chain, ...options }) {
  const body = { certificate: der(certificate), chain: chain?.map(der) };
  const view = await toItsEnd(requests, '/v1/certificates', body, options);
  const { credential } = view;
  return { kept: !!credential, credential, ...ending(view, !!credential) };
}

/**
 * @param {Requests} requests @param {string} path @param {object} body @param {FollowOptions} options
 * @returns {Promise<RequestView & {idempotencyKey: string}>}
 */
async function toItsEnd({ session, reconnect }, path, body, { idempotencyKey, signal, onState }) {
  const key = idempotencyKey ?? crypto.randomUUID();
  const handlers = { signal, onState, reconnect, onId: async () => {} };
  const view = await follow({ id: null, idempotencyKey: key, body, path }, session, handlers);
  return { ...view, idempotencyKey: key };
}

/** @param {RequestView & {idempotencyKey: string}} view @param {boolean} done */
function ending({ state, problem, idempotencyKey }, done) {
  return { state, idempotencyKey, reason: done ? undefined : (problem?.code ?? state) };
}

/**
 * @param {string | Uint8Array} certificate DER, its base64, or PEM (RFC 7468)
 * @returns {string} base64 of the DER; what is none, the agent refuses
 */
function der(certificate) {
  if (typeof certificate !== 'string') return base64(new Uint8Array(certificate));
  const pem = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/.exec(certificate);
  return (pem?.[1] ?? certificate).replace(/\s+/g, '');
}

/** @param {string} text base64 @returns {string} in lines of 64 */
const lines = (text) => text.match(/.{1,64}/g)?.join('\n') ?? '';
