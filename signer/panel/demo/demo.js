/**
 * A small prescribing panel on Mohr's client: how the calls of `../mohr.js` become a page.
 *
 * `?agent=PORT` points it at an agent on another port; a real panel has no such switch.
 *
 * @module
 */

import { Mohr, MohrError } from '../mohr.js';
import { explain } from '../words.js';
import { LINES, PATIENTS, jalali, prescription } from './prescription.js';

/** @typedef {import('../mohr.js').AgentState} AgentState */
/** @typedef {import('../mohr.js').Credential} Credential */
/** @typedef {import('../mohr.js').Result} Result */

const port = Number(new URLSearchParams(location.search).get('agent'));
const mohr = new Mohr(port ? { ports: [port] } : {});

/** @type {Credential[]} what the token holds, once the agent has told */
let credentials = [];
let busy = false;
/** @type {[string, string | HTMLElement][]} what the page knows of the prescription in hand; nothing after a reload */
let sent = [];

/** @param {string} id @returns {HTMLElement & HTMLAnchorElement & HTMLButtonElement & HTMLOutputElement} */
const at = (id) => /** @type {any} */ (document.getElementById(id));
const form = /** @type {HTMLFormElement} */ (document.getElementById('draft'));
/** @param {string} name @returns {string} */
const field = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value.trim();
/** @param {string | number} text @returns {string} */
const persian = (text) => String(text).replace(/[0-9]/g, (digit) => '۰۱۲۳۴۵۶۷۸۹'[Number(digit)]);

/** @param {string} text @returns {string} */
const ascii = (text) => text.replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0));

/** @param {string} text @returns {HTMLElement} Latin inside Persian, kept in its own order */
function latin(text) {
  const isolated = document.createElement('bdi');
  isolated.dir = 'ltr';
  isolated.textContent = text;
  return isolated;
}

// --- the strip: where the agent is

/** @type {Record<AgentState | 'looking', {title: string, more: string, tone?: 'warn' | 'bad'}>} */
const STATES = {
  looking: { title: 'در جست‌وجوی مُهر…', more: '' },
  ready: { title: 'مُهر آماده است', more: '' },
  'no-token': { title: 'مُهر آماده است', more: 'توکنی وصل نیست؛ هنگام امضا آن را وصل کنید.', tone: 'warn' },
  'no-answer-safari': {
    title: 'مُهر پاسخ نمی‌دهد، یا سافاری گواهی آن را نپذیرفته است',
    more: 'مُهر را باز کنید، یا با «دوباره» از پنجرهٔ پل بگذرید.',
    tone: 'warn',
  },
  'not-paired': {
    title: 'مُهر روی این رایانه هست، ولی این پنل به آن متصل نیست',
    more: 'یک بار متصل شوید؛ تا آن زمان نسخه‌ها بدون امضا فرستاده می‌شوند.',
  },
  'no-answer': {
    title: 'مُهر روی این رایانه پاسخ نمی‌دهد',
    more: 'نسخه‌ها بدون امضا فرستاده می‌شوند. اگر مُهر نصب است، آن را باز کنید.',
    tone: 'warn',
  },
  'permission-pending': {
    title: 'مرورگر از شما اجازه می‌خواهد',
    more: 'در پیام بالای صفحه «اجازه» را بزنید تا این پنل بتواند با مُهر گفت‌وگو کند.',
    tone: 'warn',
  },
  denied: {
    title: 'مرورگر به این پنل اجازهٔ گفت‌وگو با مُهر نمی‌دهد',
    more: 'نشان کنار نشانی صفحه را بزنید و دسترسی به شبکهٔ محلی را آزاد کنید.',
    tone: 'bad',
  },
  'not-delegated': {
    title: 'این قاب اجازهٔ گفت‌وگو با مُهر ندارد',
    more: 'به پشتیبانی پنل خبر دهید.',
    tone: 'bad',
  },
  'csp-blocked': {
    title: 'سیاست امنیتی این پنل راه مُهر را بسته است',
    more: 'به پشتیبانی پنل خبر دهید.',
    tone: 'bad',
  },
  impostor: {
    title: 'برنامه‌ای به جای مُهر پاسخ می‌دهد',
    more: 'چیزی به آن فرستاده نشد. با پشتیبانی سخن بگویید.',
    tone: 'bad',
  },
};

/** States past which only a window of the agent's own leads. */
const BRIDGED = ['denied', 'not-delegated', 'csp-blocked', 'no-answer-safari'];

/** @param {AgentState | 'looking'} state @param {string} [more] */
function showAgent(state, more) {
  const strip = at('status');
  strip.dataset.state = state;
  strip.dataset.tone = STATES[state].tone ?? '';
  at('status-title').textContent = STATES[state].title;
  at('status-more').textContent = more ?? STATES[state].more;
  at('connect').hidden = state !== 'not-paired';
  at('again').hidden = ['looking', 'ready', 'not-paired'].includes(state);
  at('again').dataset.bridge = String(BRIDGED.includes(state));
}

async function look() {
  const found = await mohr.detect();
  showAgent(found.state);
  const { state, settled } = found.settled ? found : await found.final;
  if (!settled) return;
  if (state === 'ready' || state === 'no-token') await readTokens();
  else showAgent(state);
}

async function readTokens() {
  try {
    credentials = (await mohr.credentials()).filter(({ usable }) => usable);
  } catch (error) {
    credentials = [];
    if (error instanceof MohrError && error.code === 'not-paired') return showAgent('not-paired');
    return showAgent('ready', inWords(error));
  }
  const [first, ...others] = credentials;
  if (!first) showAgent('ready', 'توکنی با گواهی امضا وصل نیست؛ هنگام امضا آن را وصل کنید.');
  else if (others.length)
    showAgent('ready', `${persian(credentials.length)} گواهی هست؛ پنجرهٔ مُهر می‌پرسد با کدام امضا شود.`);
  else showAgent('ready', `توکن «${first.token}» · گواهی ${first.holder}`);
  showDoctor();
}

/** @param {unknown} error @returns {string} */
const inWords = (error) =>
  error instanceof MohrError ? `${explain(error.code)?.title ?? error.title} (${error.code})` : String(error);

// --- connecting

async function connect() {
  const controller = new AbortController();
  at('stop-pairing').onclick = () => controller.abort();
  at('connect').disabled = true;
  try {
    const verdict = await mohr.pair({ onCode: showCode, signal: controller.signal });
    if (verdict === 'accepted') await look();
    else showAgent('not-paired', VERDICTS[verdict]);
  } catch (error) {
    if (!controller.signal.aborted) showAgent('not-paired', inWords(error));
  } finally {
    at('pairing').hidden = true;
    at('connect').disabled = false;
  }
}

const VERDICTS = {
  refused: 'اتصال در پنجرهٔ مُهر پذیرفته نشد.',
  expired: 'مهلت دو دقیقه‌ای گذشت؛ دوباره متصل شوید.',
};

/** @param {string} code */
function showCode(code) {
  at('code').textContent = persian(`${code.slice(0, 3)} ${code.slice(3)}`);
  at('code').dataset.code = code;
  at('origin').textContent = location.origin;
  at('pairing').hidden = false;
  at('pairing').scrollIntoView({ block: 'nearest' });
}

// --- signing

/** @type {Record<string, string>} */
const PROGRESS = {
  received: 'در صف مُهر…',
  choosing: 'در پنجرهٔ مُهر بگویید با کدام گواهی امضا شود.',
  consent: 'نسخه در پنجرهٔ مُهر است؛ آنجا بخوانید و امضا کنید.',
  signing: 'توکن امضا می‌کند…',
};

/** @param {{state: string}} view */
const showProgress = ({ state }) => (at('progress').textContent = PROGRESS[state] ?? '');

/**
 * @param {(signal: AbortSignal) => Promise<Result>} act
 * @param {() => Promise<void>} [again] the same once more, where that may help
 */
async function whileBusy(act, again) {
  const controller = new AbortController();
  busy = true;
  at('next').onclick = next;
  at('result').hidden = true;
  at('result').dataset.mohrState = 'busy';
  at('sign').disabled = true;
  at('cancel').hidden = false;
  at('cancel').onclick = () => controller.abort();
  try {
    await showResult(await act(controller.signal));
  } catch (error) {
    if (!controller.signal.aborted) await showFailure(error, again);
  } finally {
    busy = false;
    at('progress').textContent = '';
    at('sign').disabled = false;
    at('cancel').hidden = true;
  }
}

function draft() {
  const insurer = /** @type {import('./prescription.js').Insurer} */ (field('insurer'));
  const [credential, ...others] = credentials;
  const certified = others.length ? undefined : credential;
  const lines = LINES.map((line, index) => ({
    ...line,
    quantity: Number(ascii(field(`quantity-${index}`))),
  }));
  const prescriber = {
    name: certified?.holder ?? field('name'),
    council_number: certified?.council_number ?? ascii(field('council')),
    national_code: ascii(field('national')),
    centre: certified?.centre,
  };
  return { insurer, patient: PATIENTS[insurer], prescriber, lines, notes: field('notes'), at: Date.now() };
}

function sign() {
  const drafted = draft();
  const content = new TextEncoder().encode(JSON.stringify(prescription(drafted)));
  sent = [['بیمار', drafted.patient.name]];
  const id = `rx-${crypto.randomUUID().slice(0, 8)}`;
  return send({ id, media_type: 'application/vnd.mohr.prescription+json', content });
}

/**
 * The document's id is the idempotency key too: the same octets under it are never signed twice.
 *
 * @param {import('../mohr.js').Document} document
 * @returns {Promise<void>}
 */
function send(document) {
  const options = { idempotencyKey: document.id, onState: showProgress };
  showProgress({ state: 'received' });
  return whileBusy(
    (signal) => mohr.signOrGoOn([document], { ...options, signal }),
    () => send(document),
  );
}

/** After a reload the agent still knows the request; the page needs no more than its name. */
async function resume() {
  if (at('status').dataset.state !== 'ready') return;
  for (const { idempotencyKey } of await mohr.pending()) {
    // Somebody was quicker: what is remembered now may be what is being signed.
    if (busy) return;
    at('progress').textContent = 'نسخهٔ پیش از تازه‌شدن صفحه پی گرفته می‌شود…';
    await whileBusy((signal) => mohr.resume(idempotencyKey, { signal, onState: showProgress }));
  }
}

// --- how it ended

/** @param {'signed' | 'unsigned' | 'stopped'} kind @param {string} title @param {string} more @param {[string, string | HTMLElement][]} [facts] */
function showEnd(kind, title, more, facts = []) {
  const card = at('result');
  card.dataset.kind = kind;
  card.dataset.mohrState = kind;
  at('result-sign').textContent = { signed: '✓', unsigned: '!', stopped: '✕' }[kind];
  at('result-title').textContent = title;
  at('result-more').textContent = more;
  at('result-facts').replaceChildren(
    ...facts.map(([name, value]) => {
      const [row, term, text] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag));
      term.textContent = name;
      text.append(value);
      row.append(term, text);
      return row;
    }),
  );
  at('download').hidden = kind !== 'signed';
  at('next').textContent = kind === 'stopped' ? 'بازگشت به نسخه' : 'نسخهٔ بعدی';
  card.hidden = false;
  form.hidden = kind !== 'stopped';
  card.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

/** @param {Result} result */
async function showResult({ signed, state, reason = '', idempotencyKey, documents }) {
  if (state === 'unavailable') {
    showAgent(/** @type {AgentState} */ (reason));
    const why = STATES[/** @type {AgentState} */ (reason)].title;
    return showEnd(
      'unsigned',
      'نسخه بدون امضا فرستاده شد',
      `${why}. امضا هنوز الزامی نیست و کار بیمار نماند.`,
      [...sent, ['شناسهٔ نسخه', latin(idempotencyKey)]],
    );
  }
  if (!signed) {
    const problem = documents.find((document) => document.problem)?.problem;
    const more = STOPS[reason] ?? `${problem?.title ?? ''} (${reason})`;
    return showEnd('stopped', 'نسخه امضا نشد و فرستاده نشد', more);
  }
  const [{ id, signature = '', signed_at = '' }] = documents;
  const octets = Uint8Array.from(atob(signature), (c) => c.charCodeAt(0));
  at('download').href = URL.createObjectURL(new Blob([octets], { type: 'application/pkcs7-mime' }));
  at('download').download = `${id}.p7m`;
  at('next').dataset.key = idempotencyKey;
  showEnd(
    'signed',
    'نسخه امضا و فرستاده شد',
    'امضا کنار نسخه نگه داشته شد و هر کس می‌تواند آن را بیازماید.',
    [
      ...sent,
      ['شناسهٔ نسخه', latin(id)],
      ['زمان امضا', clock(signed_at)],
      ['قالب', latin('CAdES B-B')],
      ['اندازه', `${persian((octets.length / 1024).toFixed(1).replace('.', '٫'))} کیلوبایت`],
    ],
  );
}

/** @type {Record<string, string>} */
const STOPS = {
  'consent-declined': 'پزشک در پنجرهٔ مُهر امضا نکرد. نسخه همین‌جاست؛ درستش کنید یا دوباره بفرستید.',
  'request-cancelled': 'پیش از امضا پس گرفته شد.',
  cancelled: 'پیش از امضا پس گرفته شد.',
  declined: 'پزشک در پنجرهٔ مُهر امضا نکرد. نسخه همین‌جاست؛ درستش کنید یا دوباره بفرستید.',
};

/** @param {unknown} error @param {() => Promise<void>} [again] */
async function showFailure(error, again) {
  const code = error instanceof MohrError ? error.code : '';
  if (code === 'request-unknown') {
    for (const { idempotencyKey } of await mohr.pending()) await mohr.forget(idempotencyKey);
    return showEnd('stopped', 'مُهر این نسخه را دیگر به یاد ندارد', 'از نو «امضا و ارسال» را بزنید.');
  }
  showEnd('stopped', 'نسخه امضا نشد و فرستاده نشد', inWords(error));
  if (!again || !(error instanceof MohrError && error.retriable)) return;
  at('next').textContent = 'دوباره بفرست';
  at('next').onclick = again;
}

/** @param {string} time RFC 3339 */
function clock(time) {
  const options = /** @type {const} */ ({ timeZone: 'Asia/Tehran', dateStyle: 'medium', timeStyle: 'short' });
  return new Intl.DateTimeFormat('fa-IR', options).format(new Date(time));
}

// --- the sheet

function showPatient() {
  const patient = PATIENTS[/** @type {import('./prescription.js').Insurer} */ (field('insurer'))];
  at('patient-name').textContent = patient.name;
  at('patient-code').textContent = persian(patient.national_code);
  at('patient-birth').textContent = persian(patient.birth_date);
  at('patient-mobile').textContent = persian(patient.mobile);
}

function showDoctor() {
  const { prescriber } = draft();
  at('doctor').textContent = prescriber.name;
  at('doctor-number').textContent = `نظام پزشکی ${persian(prescriber.council_number ?? '—')}`;
}

function showLines() {
  const rows = LINES.map((line, index) => {
    const row = document.createElement('tr');
    const cells = ['number', 'name', '', 'quantity', ''].map((kind) => {
      const cell = document.createElement('td');
      cell.className = kind;
      return cell;
    });
    const count = document.createElement('input');
    Object.assign(count, { type: 'text', name: `quantity-${index}`, className: 'count', required: true });
    Object.assign(count, { inputMode: 'numeric', pattern: '[1-9۱-۹][0-9۰-۹]{0,2}' });
    count.defaultValue = persian(line.quantity);
    count.dataset.testid = `quantity-${index}`;
    count.setAttribute('aria-label', `تعداد ${line.name}`);
    cells[0].append(persian(index + 1));
    cells[1].append(line.name, ' ', latin(line.strength), ' ', line.form);
    cells[2].append(persian(line.amount));
    cells[3].append(count);
    cells[4].append(line.instruction);
    row.append(...cells);
    return row;
  });
  at('lines').replaceChildren(...rows);
}

async function next() {
  sent = [];
  const { key } = at('next').dataset;
  if (key) await mohr.forget(key);
  delete at('next').dataset.key;
  if (form.hidden) form.reset();
  at('result').hidden = true;
  form.hidden = false;
  showPatient();
  await look();
}

const { year, month, day } = jalali(Date.now());
at('today').textContent = persian(
  `${year}/${String(month).padStart(2, '0')}/${String(day).padStart(2, '0')}`,
);
showLines();
showPatient();
showDoctor();
form.addEventListener('change', ({ target }) => {
  const changed = /** @type {HTMLInputElement} */ (target);
  if (changed.className === 'count') changed.value = persian(changed.value);
  showPatient();
  showDoctor();
});
form.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!busy) sign();
});
at('connect').addEventListener('click', connect);
at('again').addEventListener('click', async () => {
  const beyond = at('again').dataset.bridge === 'true';
  const failed = beyond && (await mohr.openBridge().then(() => undefined, inWords));
  if (failed) return showAgent('denied', failed);
  await look();
});
await look();
await resume();
