/**
 * A doctor's own templates: drugs with their quantities and instructions, kept in this browser. Never a patient.
 *
 * @module
 */

import { LINES } from './prescription.js';

/** @typedef {import('./prescription.js').Line} Line */
/** @typedef {{name: string, lines: Line[]}} Template */

const PLACE = 'demo-templates';
/** @type {Template[]} what a doctor finds before she has saved any */
const FIRST = [
  { name: 'سرماخوردگی', lines: [LINES[1], LINES[2]] },
  { name: 'گلودرد چرکی', lines: [LINES[0], LINES[1]] },
];

/** @returns {Template[]} */
export function all() {
  try {
    const kept = JSON.parse(localStorage.getItem(PLACE) ?? 'null');
    return Array.isArray(kept) ? kept : FIRST;
  } catch {
    // A browser that keeps nothing, or something that is not ours.
    return FIRST;
  }
}

/** @param {string} name a template of this name is replaced @param {Line[]} lines @returns {Template[]} */
export function save(name, lines) {
  const templates = [...all().filter((one) => one.name !== name), { name, lines }];
  try {
    localStorage.setItem(PLACE, JSON.stringify(templates));
  } catch {
    // It lasts as long as the page does, then.
  }
  return templates;
}
