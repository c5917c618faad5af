/**
 * Where a browser keeps the pairing and the names of unfinished requests: one IndexedDB store.
 *
 * IndexedDB because it is the only place that takes a CryptoKey which cannot be exported. Documents and patients
 * are never written here.
 *
 * @module
 */

import { MohrError } from './errors.js';

/** Milliseconds after which a storage that says nothing counts as none. */
const PATIENCE = 10_000;

/**
 * @typedef {object} Store
 * @property {(key: string) => Promise<any>} get undefined where there is nothing. Each of these rejects with
 *   `storage-failed` where the browser keeps nothing, or does not say so in ten seconds
 * @property {(key: string, value: unknown) => Promise<void>} set
 * @property {(key: string) => Promise<void>} delete
 * @property {(prefix: string) => Promise<any[]>} list the values whose key begins so
 */

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const answer = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @returns {Store} the store of this origin */
export function browserStore(name = 'mohr') {
  /** @type {Promise<IDBDatabase> | undefined} */
  let opening;

  function open() {
    opening ??= (async () => {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore('kept');
      const database = await answer(request);
      database.onclose = database.onversionchange = () => {
        database.close();
        opening = undefined;
      };
      return database;
    })();
    opening.catch(() => (opening = undefined));
    return opening;
  }

  /** @param {IDBTransactionMode} mode @param {(kept: IDBObjectStore) => IDBRequest} act @returns {Promise<any>} */
  function within(mode, act) {
    return new Promise((resolve, reject) => {
      const fail = () => reject(new MohrError('storage-failed'));
      const timer = setTimeout(fail, PATIENCE);
      done(mode, act)
        .then(resolve, fail)
        .finally(() => clearTimeout(timer));
    });
  }

  /** @param {IDBTransactionMode} mode @param {(kept: IDBObjectStore) => IDBRequest} act @returns {Promise<any>} */
  async function done(mode, act) {
    const transaction = (await open()).transaction('kept', mode);
    const result = await answer(act(transaction.objectStore('kept')));
    if (mode === 'readonly') return result;
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(undefined);
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }

  return {
    get: (key) => within('readonly', (kept) => kept.get(key)),
    set: (key, value) => within('readwrite', (kept) => kept.put(value, key)),
    delete: (key) => within('readwrite', (kept) => kept.delete(key)),
    list: (prefix) => within('readonly', (kept) => kept.getAll(IDBKeyRange.bound(prefix, prefix + '\uffff'))),
  };
}
