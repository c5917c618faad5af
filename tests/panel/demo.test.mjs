// The demo panel's drug list and words, without a page.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { DRUGS, formInEnglish, search } from '../../signer/panel/demo/drugs.js';
import { AMOUNTS, INSTRUCTIONS, LINES } from '../../signer/panel/demo/prescription.js';
import * as templates from '../../signer/panel/demo/templates.js';

const names = (typed) => search(typed).map(({ latin, strength }) => `${latin} ${strength}`);

for (const [typed, first] of [
  ['amox 500', 'Amoxicillin 500 mg'],
  ['AMOX', 'Amoxicillin 500 mg'],
  ['آموکسی', 'Amoxicillin 500 mg'],
  ['اموكسي', 'Amoxicillin 500 mg'],
  ['آموکسی سیلین ۲۵۰', 'Amoxicillin 250 mg'],
  ['co amox', 'Co-amoxiclav 625 mg'],
  ['آموکسی‌سیلین ۲۵۰', 'Amoxicillin 250 mg'],
  ['استا شربت', 'Acetaminophen 120 mg/5 ml'],
  ['syrup acet', 'Acetaminophen 120 mg/5 ml'],
  ['warf', 'Warfarin 5 mg'],
  ['no such drug', undefined],
  ['  ', undefined],
]) {
  test(`typed ${typed}, first ${first}`, () => assert.equal(names(typed)[0], first));
}

test('a drug whose name begins so comes before one that merely has such a word', () => {
  assert.equal(names('cap')[0], 'Captopril 25 mg');
  assert.ok(search('mg').length <= 8);
});

test('every drug has a code of its own, a form in English, and a name in both scripts', () => {
  assert.equal(new Set(DRUGS.map(({ code }) => code)).size, DRUGS.length);
  for (const { code, name, latin, form, strength } of DRUGS) {
    assert.match(code, /^\d{10}$/);
    assert.match(name, /^[\u0600-\u06ff\u200c ]+$/);
    assert.match(latin, /^[A-Za-z -]+$/);
    assert.match(strength, /^[\d.]+ (mg|mcg|IU|%)/);
    assert.notEqual(formInEnglish(form), form);
  }
});

test('the first three lines are drugs of the list, with amounts and instructions of the tables', () => {
  for (const line of LINES) {
    assert.ok(DRUGS.some(({ code, name, strength }) => code === line.code && name === line.name && strength === line.strength));
    assert.ok(AMOUNTS.some(([id, fa]) => id === line.amountId && fa === line.amount));
    assert.ok(INSTRUCTIONS.some(([id, fa]) => id === line.instructionId && fa === line.instruction));
  }
});

test('templates outlast nothing where the browser keeps nothing, and break nothing', (t) => {
  globalThis.localStorage = { getItem: () => 'not json', setItem: () => { throw new Error('full'); } };
  t.after(() => delete globalThis.localStorage);
  assert.ok(templates.all().length > 0);
  assert.deepEqual(templates.save('mine', LINES).at(-1), { name: 'mine', lines: LINES });
});
