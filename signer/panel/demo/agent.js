/**
 * The strip on top: where the agent is, and the buttons that lead to it.
 *
 * @module
 */

import { MohrError } from '../mohr.js';
import { explain } from '../words.js';
import { at, tell } from './page.js';
import { either, language, number } from './text.js';

/** @typedef {import('../mohr.js').AgentState} AgentState */
/** @typedef {import('../mohr.js').Credential} Credential */
/** @typedef {import('../mohr.js').Mohr} Mohr */

/** @type {Record<AgentState | 'looking', {title: [string, string], more?: [string, string], tone?: 'warn' | 'bad'}>} */
const STATES = {
  looking: { title: ['در جست‌وجوی مُهر…', 'Looking for Mohr…'] },
  ready: { title: ['مُهر آماده است', 'Mohr is ready'] },
  'no-token': {
    title: ['مُهر آماده است', 'Mohr is ready'],
    more: ['توکنی وصل نیست؛ هنگام امضا آن را وصل کنید.', 'No token is connected; plug it in to sign.'],
    tone: 'warn',
  },
  'not-paired': {
    title: ['مُهر روی این رایانه هست، ولی این پنل به آن متصل نیست', 'Mohr is here, but this panel is not connected to it'],
    more: [
      'یک بار متصل شوید؛ تا آن زمان نسخه‌ها بدون امضا فرستاده می‌شوند.',
      'Connect once; until then prescriptions are sent unsigned.',
    ],
  },
  'no-answer': {
    title: ['مُهر روی این رایانه پاسخ نمی‌دهد', 'Mohr does not answer on this computer'],
    more: [
      'نسخه‌ها بدون امضا فرستاده می‌شوند. اگر مُهر نصب است، آن را باز کنید.',
      'Prescriptions are sent unsigned. Open Mohr if it is installed.',
    ],
    tone: 'warn',
  },
  'no-answer-safari': {
    title: ['مُهر پاسخ نمی‌دهد، یا سافاری گواهی آن را نپذیرفته است', 'Mohr does not answer, or Safari does not trust it'],
    more: ['مُهر را باز کنید، یا با «دوباره» از پنجرهٔ پل بگذرید.', 'Open Mohr, or look again through its own window.'],
    tone: 'warn',
  },
  'permission-pending': { title: ['مرورگر از شما اجازه می‌خواهد', 'The browser asks for your permission'], tone: 'warn' },
  denied: {
    title: ['مرورگر به این پنل اجازهٔ گفت‌وگو با مُهر نمی‌دهد', 'The browser does not let this panel speak with Mohr'],
    tone: 'bad',
  },
  'not-delegated': {
    title: ['این قاب اجازهٔ گفت‌وگو با مُهر ندارد', 'This frame may not speak with Mohr'],
    more: ['به پشتیبانی پنل خبر دهید.', "Call the panel's helpdesk."],
    tone: 'bad',
  },
  'csp-blocked': {
    title: ['سیاست امنیتی این پنل راه مُهر را بسته است', "This panel's own policy blocks Mohr"],
    more: ['به پشتیبانی پنل خبر دهید.', "Call the panel's helpdesk."],
    tone: 'bad',
  },
  impostor: {
    title: ['برنامه‌ای به جای مُهر پاسخ می‌دهد', "Another program answers in Mohr's place"],
    more: ['چیزی به آن فرستاده نشد. با پشتیبانی سخن بگویید.', 'Nothing was sent to it. Call the helpdesk.'],
    tone: 'bad',
  },
};
/** States past which only a window of the agent's own leads. */
const BRIDGED = ['denied', 'not-delegated', 'csp-blocked', 'no-answer-safari'];
const VERDICTS = {
  refused: ['اتصال در پنجرهٔ مُهر پذیرفته نشد.', "The connection was refused in Mohr's window."],
  expired: ['مهلت دو دقیقه‌ای گذشت؛ دوباره متصل شوید.', 'The two minutes are over; connect again.'],
};

/** @param {AgentState} state @returns {string} */
export const titleOf = (state) => either(...STATES[state].title);

/** @param {unknown} error @returns {string} for a person */
export const inWords = (error) =>
  error instanceof MohrError ? `${explain(error.code, language)?.title ?? error.title} (${error.code})` : String(error);

export class AgentStrip {
  /** @type {Credential[]} what the token holds, once the agent has told */
  credentials = [];
  #mohr;
  #onChange;
  /** @type {[AgentState | 'looking', string | undefined, boolean]} */
  #shown = ['looking', undefined, false];

  /** @param {Mohr} mohr @param {() => void} onChange called where `credentials` may have changed */
  constructor(mohr, onChange) {
    this.#mohr = mohr;
    this.#onChange = onChange;
    at('connect').addEventListener('click', () => this.#connect());
    at('start').addEventListener('click', () => this.#start());
    at('again').addEventListener('click', () => this.#again());
  }

  /** @returns {AgentState | 'looking'} */
  get state() {
    return this.#shown[0];
  }

  /** Say it again, in another language. */
  redraw() {
    this.#draw(...this.#shown);
    if (this.state === 'ready') this.#tellTokens();
  }

  /** @param {AgentState | 'looking'} state @param {string} [more] @param {boolean} [paired] */
  show(state, more, paired = false) {
    this.#shown = [state, more, paired];
    this.#draw(state, more, paired);
    tell(state);
  }

  /** @param {AgentState | 'looking'} state @param {string | undefined} more @param {boolean} paired */
  #draw(state, more, paired) {
    const { title, more: usual, tone = '' } = STATES[state];
    const here = ['denied', 'permission-pending'].includes(state) ? explain(state, language)?.remedy : undefined;
    Object.assign(at('status').dataset, { state, tone });
    at('status-title').textContent = either(...title);
    at('status-more').textContent = more ?? here ?? (usual ? either(...usual) : '');
    // Pairing opens the agent's own window where the browser lets nothing else through.
    at('connect').hidden = !(state === 'not-paired' || (BRIDGED.includes(state) && !paired));
    at('start').hidden = !(state === 'no-answer' && paired);
    at('again').hidden = ['looking', 'ready', 'not-paired'].includes(state);
  }

  /** Look for the agent, and for what its tokens hold. Ends with the browser's last word. */
  async look() {
    const found = await this.#mohr.detect();
    this.show(found.state, undefined, found.paired);
    const { state, paired } = found.settled ? found : await found.final;
    if (state === 'ready' || state === 'no-token') await this.#readTokens(state);
    else this.show(state, undefined, paired);
  }

  /** @param {AgentState} state */
  async #readTokens(state) {
    try {
      this.credentials = (await this.#mohr.credentials()).filter(({ usable }) => usable);
      this.show(state);
      if (state === 'ready') this.#tellTokens();
    } catch (error) {
      this.credentials = [];
      const code = error instanceof MohrError ? error.code : '';
      this.show(code === 'not-paired' ? code : state, code === 'not-paired' ? undefined : inWords(error));
    }
    this.#onChange();
  }

  #tellTokens() {
    const [first, ...others] = this.credentials;
    const many = number(this.credentials.length);
    const none = ['توکنی با گواهی امضا وصل نیست؛ هنگام امضا آن را وصل کنید.', 'No token that can sign; plug it in to sign.'];
    const several = [`${many} گواهی هست؛ پنجرهٔ مُهر می‌پرسد با کدام امضا شود.`, `${many} certificates; Mohr's window asks which signs.`];
    const one = first && [`توکن «${first.token}» · گواهی ${first.holder}`, `Token “${first.token}” · certificate of ${first.holder}`];
    const [fa, en] = others.length ? several : (one ?? none);
    at('status-more').textContent = either(fa, en);
  }

  async #connect() {
    const controller = new AbortController();
    const before = this.state;
    at('stop-pairing').onclick = () => controller.abort();
    at('connect').disabled = true;
    try {
      const verdict = await this.#mohr.pair({ onCode: showCode, signal: controller.signal });
      if (verdict === 'accepted') await this.look();
      else this.show(before, either(VERDICTS[verdict][0], VERDICTS[verdict][1]));
    } catch (error) {
      if (!controller.signal.aborted) this.show(before, inWords(error));
    } finally {
      at('pairing').hidden = true;
      at('connect').disabled = false;
    }
  }

  async #start() {
    at('start').disabled = true;
    try {
      this.show('looking');
      await this.#mohr.start();
    } catch (error) {
      return this.show('no-answer', inWords(error), true);
    } finally {
      at('start').disabled = false;
    }
    await this.look();
  }

  async #again() {
    const beyond = BRIDGED.includes(this.state);
    const failed = beyond && (await this.#mohr.openBridge().then(() => undefined, inWords));
    if (failed) return this.show('denied', failed);
    await this.look();
  }
}

/** @param {string} code six digits */
function showCode(code) {
  at('code').textContent = number(`${code.slice(0, 3)} ${code.slice(3)}`);
  at('code').dataset.code = code;
  at('origin').textContent = location.origin;
  at('pairing').hidden = false;
  at('pairing').scrollIntoView({ block: 'nearest' });
}
