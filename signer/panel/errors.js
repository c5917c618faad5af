/**
 * The one error of the SDK. Codes are those of Mohr's error catalogue, and the few that only a page can see.
 *
 * What to tell a person about the latter is `words.js`.
 *
 * @module
 */

/** Codes after which the same call may succeed although the panel changed nothing. */
export const RETRIABLE = new Set(
  (
    'no-answer no-answer-safari permission-pending agent-lost answer-unverified bridge-silent ' +
    'request-stale request-replayed too-many-requests too-many-pending refused-lately pairing-busy ' +
    'consent-surface-missing credential-not-there token-absent token-removed token-busy token-ambiguous ' +
    'card-mute reader-absent reader-service-stopped ' +
    'pin-cancelled pin-cool-down operation-active module-failed module-crashed ' +
    'module-hung tsa-unreachable revocation-unreachable journal-unwritable signature-not-verified unexpected'
  ).split(' '),
);

/**
 * @typedef {object} Problem a problem of the contract (RFC 9457)
 * @property {string} code stable, kebab-case
 * @property {string} [type] @property {string} [title] @property {number} [status]
 * @property {string} [remedy] @property {string} [instance] @property {string} [detail]
 */

/** Why a call did not do what was asked. */
export class MohrError extends Error {
  /**
   * @param {string} code
   * @param {{problem?: Problem, status?: number, retryAfter?: number}} [more] `problem` only from an answer that was verified
   */
  constructor(code, { problem, status, retryAfter } = {}) {
    super(problem?.title ?? code);
    this.name = 'MohrError';
    /** Stable, kebab-case. */
    this.code = code;
    /** What happened, in the agent's words; where the agent did not speak, the code, and `words.js` has a sentence. */
    this.title = this.message;
    /** What to do next, in the agent's words. */
    this.remedy = problem?.remedy ?? '';
    /** HTTP status of the answer, 0 where there was none. */
    this.status = status ?? 0;
    /** May the same call succeed without the panel changing anything? */
    this.retriable = RETRIABLE.has(code);
    /** Did the paired agent itself say so? If not, it is the page's own finding or hearsay. */
    this.verified = problem !== undefined;
    /** Seconds to wait, where the agent named them. */
    this.retryAfter = retryAfter;
    /** Where the request itself was at fault, as far as the agent says. */
    this.detail = problem?.detail;
    /** The incident to tell the helpdesk, where there is one. */
    this.instance = problem?.instance;
  }
}
