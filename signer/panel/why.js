/**
 * Why nothing answers: what the browser, its person or the page's own headers have to do with it.
 *
 * @module
 */

/** @typedef {import('./find.js').AgentState} AgentState */
/** @typedef {import('./find.js').Permission} Permission */

/**
 * @param {{violated: boolean}} policy @param {string} way
 * @param {() => Promise<Permission | undefined>} permissionState
 * @returns {Promise<AgentState>} what stands between this page and every port
 */
export async function whyNot(policy, way, permissionState) {
  // The violation is reported in a task of its own, after the fetch has failed.
  await new Promise((resolve) => setTimeout(resolve, 0));
  if (policy.violated) return 'csp-blocked';
  const permission = await permissionState();
  if (permission?.state !== 'denied') return way === 'wss' ? 'no-answer-safari' : 'no-answer';
  return delegated(permission.name) ? 'denied' : 'not-delegated';
}

/** @param {string} permission @returns {boolean} false only where the browser says that a policy forbids it here */
function delegated(permission) {
  /** @type {{features(): string[], allowsFeature(name: string): boolean} | undefined} */
  const policy = /** @type {any} */ (globalThis.document)?.featurePolicy;
  return !policy?.features().includes(permission) || policy.allowsFeature(permission);
}
