/**
 * What a real panel has in its database: synthetic patients, a few drugs, and how both become a Mohr prescription.
 *
 * `items` is what the doctor reads, `wire` what the insurer's service gets; they are built from the same values, and
 * Mohr's window compares them again. People, codes and numbers are made up.
 *
 * @module
 */

/** @typedef {'tamin' | 'salamat' | 'free'} Insurer */
/** @typedef {{name: string, national_code: string, birth_date: string, mobile: string}} Patient */
/** @typedef {{name: string, council_number?: string, national_code?: string, centre?: string}} Prescriber */
/**
 * @typedef {object} Line
 * @property {string} name @property {string} form @property {string} strength
 * @property {string} code the insurer's number of the product
 * @property {number} quantity
 * @property {string} amount @property {number} amountId in Tamin's tables
 * @property {string} instruction @property {number} instructionId in Tamin's tables
 * @property {string} [diagnosis] ICD-10
 */

/** @type {Record<Insurer, Patient>} */
export const PATIENTS = {
  tamin: {
    name: 'بیمار نمونه یک',
    national_code: '0012345679',
    birth_date: '1362/04/12',
    mobile: '09120000001',
  },
  salamat: {
    name: 'بیمار نمونه دو',
    national_code: '0087654326',
    birth_date: '1375/11/03',
    mobile: '09120000002',
  },
  free: {
    name: 'بیمار نمونه سه',
    national_code: '0034567895',
    birth_date: '1360/01/01',
    mobile: '09120000003',
  },
};

/** @type {Line[]} */
export const LINES = [
  {
    ...{ name: 'آموکسی‌سیلین', form: 'کپسول', strength: '500 mg', code: '0000000101', quantity: 21 },
    ...{ amount: 'هر ۸ ساعت ۱ عدد', amountId: 2, instruction: 'طبق دستور', instructionId: 170 },
    diagnosis: 'J02.9',
  },
  {
    ...{ name: 'استامینوفن', form: 'قرص', strength: '500 mg', code: '0000000201', quantity: 20 },
    ...{ amount: '۱ عدد', amountId: 1, instruction: 'در صورت نیاز', instructionId: 171 },
  },
  {
    ...{ name: 'دیفن‌هیدرامین', form: 'شربت', strength: '12.5 mg/5 ml', code: '0000000301', quantity: 1 },
    ...{ amount: 'دو (2) قاشق غذاخوری (10 سی سی)', amountId: 14 },
    ...{ instruction: 'در صورت نیاز', instructionId: 171 },
  },
];

/**
 * How much, and how: a few rows of what an insurer's tables hold, with what an English page shows. The numbers are made up.
 *
 * @type {[id: number, fa: string, en: string][]}
 */
export const AMOUNTS = [
  [1, '۱ عدد', '1 piece'],
  [2, 'هر ۸ ساعت ۱ عدد', '1 every 8 hours'],
  [3, 'هر ۱۲ ساعت ۱ عدد', '1 every 12 hours'],
  [4, 'روزی ۱ عدد', '1 a day'],
  [5, 'نصف قرص', 'Half a tablet'],
  [14, 'دو (2) قاشق غذاخوری (10 سی سی)', '2 spoons (10 cc)'],
  [15, 'یک قاشق چای‌خوری (5 سی سی)', '1 teaspoon (5 cc)'],
  [20, 'لایه‌ای نازک روزی ۲ بار', 'A thin layer twice a day'],
  [21, '۲ پاف', '2 puffs'],
];
/** @type {[id: number, fa: string, en: string][]} */
export const INSTRUCTIONS = [
  [170, 'طبق دستور', 'As directed'],
  [171, 'در صورت نیاز', 'When needed'],
  [172, 'بعد از غذا', 'After meals'],
  [173, 'پیش از خواب', 'At bedtime'],
  [174, 'ناشتا', 'Fasting'],
];

const DAY = 24 * 3600 * 1000;
const TEHRAN = 3.5 * 3600 * 1000;
const VALID_DAYS = 60;

/** @param {number} at milliseconds @returns {string} RFC 3339 with Iran's offset, which is fixed since 1401 */
const rfc3339 = (at) => new Date(at + TEHRAN).toISOString().slice(0, 19) + '+03:30';

/** @param {number} at milliseconds @returns {{year: number, month: number, day: number}} the Jalali day in Tehran */
export function jalali(at) {
  const calendar = new Intl.DateTimeFormat('en-u-ca-persian-nu-latn', {
    ...{ timeZone: 'UTC', year: 'numeric', month: 'numeric', day: 'numeric' },
  });
  const parts = calendar.formatToParts(at + TEHRAN);
  const [year, month, day] = ['year', 'month', 'day'].map((type) =>
    Number(parts.find((part) => part.type === type)?.value),
  );
  return { year, month, day };
}

/** @param {number} at @returns {string} as Tamin writes a day: 14050615 */
function compact(at) {
  const { year, month, day } = jalali(at);
  return `${year}${String(month).padStart(2, '0')}${String(day).padStart(2, '0')}`;
}

/** @param {number} at @returns {{Year: number, Month: number, Day: number}} as a SEPAS message writes a day */
function spelled(at) {
  const { year, month, day } = jalali(at);
  return { Year: year, Month: month, Day: day };
}

/** @param {string} name @returns {{FirstName: string, LastName: string}} */
function halves(name) {
  const [first, ...rest] = name.split(' ');
  return { FirstName: first, LastName: rest.join(' ') };
}

/**
 * @typedef {object} Draft
 * @property {Insurer} insurer @property {Patient} patient @property {Prescriber} prescriber @property {Line[]} lines
 * @property {string} notes
 * @property {string} [replaces] the id of the prescription that this one edits
 * @property {number} at when it is issued, milliseconds
 */

/** @type {Record<Insurer, (draft: Draft) => object>} */
const WIRES = {
  tamin: ({ patient, prescriber, lines, notes, at }) => ({
    patient: patient.national_code,
    mobile: patient.mobile,
    prescType: { prescTypeId: 1 },
    prescDate: compact(at),
    docId: (prescriber.council_number ?? '').padStart(10, '0'),
    docMobileNo: '',
    docNationalCode: prescriber.national_code ?? '',
    comments: notes,
    expireDate: compact(at + VALID_DAYS * DAY),
    siamId: null,
    noteDetailEprscs: lines.map((line) => ({
      srvId: { srvType: { srvType: '01' }, srvCode: line.code },
      srvQty: line.quantity,
      timesAday: { drugAmntId: line.amountId },
      drugInstruction: { drugInstId: line.instructionId },
      ...{ dose: '', repeat: '', dateDo: '' },
      ...(line.diagnosis ? { noteDetailDrug: { icdId: line.diagnosis } } : {}),
    })),
  }),

  // Without session ids: what is signed carries no live credential.
  salamat: ({ lines, at }) => ({
    check_order: lines.map((line) => ({
      samadCode: '218800000000000001',
      subInfoWrapper: {
        service: {
          count: line.quantity,
          nationalNumber: line.code,
          ...{ type: 'PRODUCT', mode: 'ELECTRONIC', description: '' },
          consumption: line.amount,
          consumptionInstruction: line.instruction,
          numberOfPeriod: 1,
          bulkId: 0,
          activeFrom: Number(compact(at)),
        },
        otherServices: [],
      },
    })),
    save: {
      referenceFeedback: null,
      samadCode: '218800000000000001',
      subscriptions: lines.map((_, index) => ({ checkCode: `167000000000000000000000000000${index + 1}` })),
    },
  }),

  free: ({ patient, prescriber, lines, at }) => ({
    Person: {
      ...halves(patient.name),
      NationalCode: patient.national_code,
      BirthDate: Object.fromEntries(
        patient.birth_date.split('/').map((part, index) => [['Year', 'Month', 'Day'][index], Number(part)]),
      ),
      MobileNumber: patient.mobile,
    },
    Composition: {
      MedicationPrescriptions: {
        Prescriber: {
          ...halves(prescriber.name),
          Identifier: { Issuer: 'Med_Council', ID: prescriber.council_number ?? '', Type: 'Med_ID' },
        },
        IssueDate: spelled(at),
        ExpiryDate: spelled(at + VALID_DAYS * DAY),
        Repeats: 1,
        Orders: lines.map((line) => ({
          ProductCode: { Value: line.name, Terminology_id: 'eRx', Coded_string: line.code },
          TotalNumber: { Magnitude: line.quantity, Unit: 'Each' },
          PatientInstruction: line.instruction,
        })),
      },
    },
  }),
};

/** @template {object} T @param {T} source @returns {Partial<T>} without the members that say nothing */
const said = (source) =>
  /** @type {Partial<T>} */ (Object.fromEntries(Object.entries(source).filter(([, value]) => value)));

/**
 * The Mohr prescription, media type `application/vnd.mohr.prescription+json`, version 1.
 *
 * @param {Draft} draft
 * @returns {object}
 */
export function prescription(draft) {
  const { insurer, patient, prescriber, lines, notes, replaces, at } = draft;
  return {
    mohr: 1,
    kind: 'drug',
    insurer,
    issued: rfc3339(at),
    valid_until: rfc3339(at + VALID_DAYS * DAY),
    patient,
    prescriber: said(prescriber),
    items: lines.map(({ amountId, instructionId, ...line }) => ({ ...line, repeat: 0 })),
    ...said({ notes, replaces }),
    wire: WIRES[insurer](draft),
  };
}
