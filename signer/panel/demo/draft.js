/**
 * The sheet that is being written: insurer, patient, drugs and what the doctor says of them.
 *
 * @module
 */

import { DRUGS, formInEnglish, search } from './drugs.js';
import { at, make } from './page.js';
import { AMOUNTS, INSTRUCTIONS, LINES, PATIENTS } from './prescription.js';
import * as templates from './templates.js';
import { ascii, either, language, latin, number, say, today } from './text.js';

/** @typedef {import('../mohr.js').Credential} Credential */
/** @typedef {import('./drugs.js').Drug} Drug */
/** @typedef {import('./prescription.js').Draft} Written */
/** @typedef {import('./prescription.js').Insurer} Insurer */
/** @typedef {import('./prescription.js').Line} Line */

const form = /** @type {HTMLFormElement} */ (/** @type {unknown} */ (at('draft')));
/** @param {string} name @returns {string} */
const field = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name)).value.trim();

/** @type {Line[]} */
let lines = [];
/** @type {string | undefined} the prescription that this one edits */
let replaces;
/** @type {() => Credential[]} */
let certificates = () => [];
/** @type {Drug[]} what the search shows, and which of it an Enter takes */
let offered = [];
let picked = 0;

/** A new sheet, with three drugs so that there is something to sign. */
export function begin() {
  form.reset();
  replaces = undefined;
  lines = LINES.map((line) => ({ ...line }));
  redraw();
}

/** A sheet that begins as another. @param {Written} written @param {string} [id] of the one that it takes the place of */
export function edit(written, id) {
  form.reset();
  replaces = id;
  lines = written.lines.map((line) => ({ ...line }));
  for (const radio of form.querySelectorAll('input[name=insurer]')) {
    const each = /** @type {HTMLInputElement} */ (radio);
    each.checked = each.value === written.insurer;
  }
  /** @type {HTMLInputElement} */ (form.elements.namedItem('notes')).value = written.notes;
  redraw();
  at('drug').focus();
}

/** @returns {Written} as it stands now; issued now */
export function read() {
  const insurer = /** @type {Insurer} */ (field('insurer'));
  const [credential, ...others] = certificates();
  const certified = others.length ? undefined : credential;
  const prescriber = {
    name: certified?.holder ?? field('name'),
    council_number: certified?.council_number ?? ascii(field('council')),
    national_code: ascii(field('national')),
    centre: certified?.centre,
  };
  const copies = lines.map((line) => ({ ...line }));
  return { insurer, patient: PATIENTS[insurer], prescriber, lines: copies, notes: field('notes'), replaces, at: Date.now() };
}

/** Say all of it, in the language of the page. */
export function redraw() {
  const patient = PATIENTS[/** @type {Insurer} */ (field('insurer'))];
  at('draft-title').textContent = say(replaces ? 'editing' : 'new-prescription');
  at('today').textContent = today();
  at('replacing').hidden = !replaces;
  at('replacing').replaceChildren(say('replaces'), ' ', latin(replaces ?? ''));
  at('patient-name').textContent = patient.name;
  at('patient-code').textContent = number(patient.national_code);
  at('patient-birth').textContent = number(patient.birth_date);
  at('patient-mobile').textContent = number(patient.mobile);
  at('drug').placeholder = say('search');
  at('drug').setAttribute('aria-label', say('search'));
  drawLines();
  drawTemplates();
  redrawDoctor();
}

export function redrawDoctor() {
  const { prescriber } = read();
  at('doctor').textContent = prescriber.name;
  at('doctor-number').textContent = `${say('council-short')} ${number(prescriber.council_number || '—')}`;
}

/** @param {Pick<Drug, 'name' | 'form' | 'strength'>} drug @param {string} [latinName] @returns {(Node | string)[]} */
const named = ({ name, form, strength }, latinName) =>
  language === 'fa' || !latinName
    ? [make('strong', {}, name), ' ', latin(strength), ` ${form}`]
    : [make('strong', {}, latinName), ' ', latin(strength), ` ${formInEnglish(form)}`];

/** @param {[number, string, string][]} table @param {number} chosen @param {string} label @param {string} testid @param {(id: number, text: string) => void} onChange */
function choice(table, chosen, label, testid, onChange) {
  const options = table.map(([id, fa, en]) => {
    return make('option', { value: String(id), selected: id === chosen }, number(either(fa, en)));
  });
  const select = make('select', { ariaLabel: label, testid }, ...options);
  select.addEventListener('change', () => {
    const [id, text] = table[select.selectedIndex];
    onChange(id, text);
  });
  return select;
}

function drawLines() {
  const rows = lines.map((line, index) => {
    const count = make('input', {
      ...{ type: 'text', name: `quantity-${index}`, className: 'count', required: true, inputMode: 'numeric' },
      ...{ pattern: '[1-9۱-۹][0-9۰-۹]{0,2}', value: number(line.quantity), testid: `quantity-${index}` },
    });
    count.setAttribute('aria-label', `${say('quantity')}: ${line.name}`);
    count.addEventListener('input', () => (line.quantity = Number(ascii(count.value))));
    count.addEventListener('change', () => (count.value = number(ascii(count.value))));
    const remove = make('button', { type: 'button', className: 'remove', title: say('remove'), testid: `remove-${index}` }, '✕');
    remove.setAttribute('aria-label', `${say('remove')}: ${line.name}`);
    remove.addEventListener('click', () => {
      lines = lines.filter((other) => other !== line);
      drawLines();
      at('drug').focus();
    });
    const latinName = DRUGS.find(({ code }) => code === line.code)?.latin;
    const amount = choice(AMOUNTS, line.amountId, say('amount'), `amount-${index}`, (id, text) => {
      Object.assign(line, { amountId: id, amount: text });
    });
    const instruction = choice(INSTRUCTIONS, line.instructionId, say('instruction'), `instruction-${index}`, (id, text) => {
      Object.assign(line, { instructionId: id, instruction: text });
    });
    const cells = [
      make('td', { className: 'number' }, number(index + 1)),
      make('td', { className: 'name' }, ...named(line, latinName)),
      ...[make('td', {}, amount), make('td', { className: 'quantity' }, count)],
      ...[make('td', {}, instruction), make('td', {}, remove)],
    ];
    return make('tr', {}, ...cells);
  });
  const none = make('tr', {}, make('td', { colSpan: 6, className: 'soft' }, say('no-lines')));
  at('lines').replaceChildren(...(rows.length ? rows : [none]));
  at('sign').disabled = at('queue').disabled = !rows.length;
}

// --- the search over drugs

/** @param {Drug} drug */
function add({ code, name, form, strength }) {
  const [[amountId, amount]] = AMOUNTS;
  const [[instructionId, instruction]] = INSTRUCTIONS;
  lines = [...lines, { code, name, form, strength, quantity: 1, amount, amountId, instruction, instructionId }];
  drawLines();
  offer('');
  at('drug').value = '';
  const count = at('lines').querySelector(`[data-testid=quantity-${lines.length - 1}]`);
  /** @type {HTMLInputElement} */ (count).select();
}

/** @param {string} typed */
function offer(typed) {
  offered = search(typed);
  picked = 0;
  const options = offered.map((drug, index) => {
    const other = language === 'fa' ? latin(drug.latin) : make('bdi', {}, drug.name);
    const option = make('li', { id: `drug-${index}`, testid: `drug-${index}` }, make('span', {}, ...named(drug, drug.latin)), other);
    option.setAttribute('role', 'option');
    // Not click: the field would have lost the focus, and the list be gone.
    option.addEventListener('mousedown', (event) => {
      event.preventDefault();
      add(drug);
    });
    return option;
  });
  at('drugs').replaceChildren(...options);
  at('drugs').hidden = !options.length;
  at('drug').setAttribute('aria-expanded', String(options.length > 0));
  pick(0);
}

/** @param {number} index */
function pick(index) {
  if (!offered.length) return at('drug').removeAttribute('aria-activedescendant');
  picked = (index + offered.length) % offered.length;
  for (const [each, option] of [...at('drugs').children].entries()) {
    option.setAttribute('aria-selected', String(each === picked));
  }
  at('drug').setAttribute('aria-activedescendant', `drug-${picked}`);
}

/** @type {Record<string, () => void>} */
const KEYS = {
  ArrowDown: () => pick(picked + 1),
  ArrowUp: () => pick(picked - 1),
  Enter: () => offered.length && add(offered[picked]),
  Escape: () => offer(''),
};

// --- templates

function drawTemplates() {
  const options = templates.all().map(({ name }) => make('option', { value: name }, name));
  at('templates').replaceChildren(make('option', { value: '' }, say('templates')), ...options);
  at('templates').setAttribute('aria-label', say('templates'));
}

function useTemplate() {
  const template = templates.all().find(({ name }) => name === at('templates').value);
  if (template) lines = template.lines.map((line) => ({ ...line }));
  at('templates').value = '';
  drawLines();
}

function saveTemplate() {
  const name = prompt(say('template-name'))?.trim();
  if (!name || !lines.length) return;
  templates.save(name, lines);
  drawTemplates();
}

/** @param {() => Credential[]} known what the token holds */
export function open(known) {
  certificates = known;
  at('drug').addEventListener('input', () => offer(at('drug').value));
  at('drug').addEventListener('blur', () => offer(''));
  at('drug').addEventListener('keydown', (event) => {
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  at('templates').addEventListener('change', useTemplate);
  at('save-template').addEventListener('click', saveTemplate);
  form.addEventListener('change', ({ target }) => {
    if (/** @type {HTMLInputElement} */ (target).name === 'insurer') redraw();
    else redrawDoctor();
  });
  begin();
}
