/**
 * The one error of the SDK. Codes are those of Mohr's error catalogue, and the few below that only a page can see.
 *
 * @module
 */

/** What the page itself finds out, or hears in an answer without a signature: [title, remedy]. */
const OWN_WORDS = /** @type {Record<string, [string, string]>} */ ({
  'no-answer': ['No agent answers on this computer.', 'Start Mohr, or go on unsigned.'],
  'permission-pending': [
    'The browser has not been told yet whether this page may reach Mohr.',
    'Answer the question that the browser shows, or go on unsigned.',
  ],
  denied: [
    'The browser forbids this page to reach programs on this computer.',
    "Allow it in the browser's settings for this site, or go on unsigned.",
  ],
  'not-delegated': [
    'This frame, or the headers of its page, may not reach programs on this computer.',
    'Add allow="loopback-network; local-network-access" to the iframe and allow it in Permissions-Policy.',
  ],
  'csp-blocked': [
    "The panel's own Content-Security-Policy blocks the agent.",
    "List the agent's three addresses in connect-src.",
  ],
  'not-paired': ['This panel is not paired with Mohr.', 'Call pair() from a click.'],
  impostor: [
    "The program on Mohr's port is not the agent that this panel is paired with.",
    'Nothing was sent to it. Ask the helpdesk; where Mohr was installed anew, call unpair() and pair again.',
  ],
  'agent-lost': [
    'The agent stopped answering.',
    'Call sign() again with the same documents and idempotencyKey; nothing is signed twice.',
  ],
  'answer-unverified': [
    'An answer did not come from the agent that this panel is paired with, and was dropped.',
    'Call sign() again with the same documents and idempotencyKey; if it repeats, ask the helpdesk.',
  ],
  'pairing-forged': [
    'The agent showed another key than it had committed to.',
    'Ask the helpdesk what else runs on this computer, then pair again.',
  ],
  'pairing-busy': ['Another pairing is in progress.', 'Wait two minutes at most, then pair again.'],
  'too-many-requests': ['Too many tries in a short time.', 'Wait, then try again.'],
  'consent-surface-missing': [
    'Mohr has no window in which to ask the doctor.',
    "Start Mohr in the doctor's own session.",
  ],
  'pairing-store-failed': ['Mohr cannot keep its list of paired panels.', 'Call the helpdesk.'],
  'origin-refused': ["This page's origin may not call Mohr.", 'Serve the panel from an https origin.'],
  'request-unknown': [
    'The agent does not know this request.',
    'Call sign() with the same documents and idempotencyKey; a signature already made comes back.',
  ],
});
const NOT_LET_IN = ['Mohr did not let the request in.', 'See the code in the error catalogue.'];

/** Codes after which the same call may succeed although the panel changed nothing. */
export const RETRIABLE = new Set([
  ...['no-answer', 'permission-pending', 'agent-lost', 'answer-unverified'],
  ...['request-stale', 'request-replayed', 'too-many-requests', 'too-many-pending', 'pairing-busy'],
  ...['consent-surface-missing', 'credential-not-there', 'token-absent', 'token-removed', 'token-busy'],
  ...['pin-cancelled', 'pin-cool-down', 'operation-active', 'module-failed', 'module-crashed'],
  ...['module-hung', 'tsa-unreachable', 'revocation-unreachable'],
  ...['journal-unwritable', 'signature-not-verified', 'unexpected'],
]);

/**
 * @typedef {object} Problem a problem of the contract (RFC 9457)
 * @property {string} code stable, kebab-case
 * @property {string} [type] @property {string} [title] @property {number} [status]
 * @property {string} [remedy] @property {string} [instance] @property {string} [detail]
 */

/** Why a call did not do what was asked. Its texts are for the panel's developer and the helpdesk. */
export class MohrError extends Error {
  /**
   * @param {string} code
   * @param {{problem?: Problem, status?: number, retryAfter?: number}} [more] `problem` only from an answer that was verified
   */
  constructor(code, { problem, status, retryAfter } = {}) {
    const [title, remedy] = OWN_WORDS[code] ?? NOT_LET_IN;
    super(problem?.title ?? title);
    this.name = 'MohrError';
    /** Stable, kebab-case. */
    this.code = code;
    /** What happened, one sentence. */
    this.title = this.message;
    /** What to do next, one sentence. */
    this.remedy = problem?.remedy ?? remedy;
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
