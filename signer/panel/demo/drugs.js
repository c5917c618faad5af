/**
 * A small open list of generic drugs, and a search over it in Persian and Latin letters.
 *
 * The generic names, forms and strengths are common ones; **the codes are made up** and belong to no insurer's table. A
 * real panel searches the list of its insurer instead.
 *
 * @module
 */

/**
 * @typedef {object} Drug
 * @property {string} code made up @property {string} name in Persian @property {string} latin
 * @property {string} form in Persian @property {string} strength
 */

/** Generic name in Persian and Latin, then each form with its strengths. */
const GENERICS = `
آموکسی‌سیلین | Amoxicillin | کپسول: 500 mg, 250 mg; سوسپانسیون: 250 mg/5 ml
استامینوفن | Acetaminophen | قرص: 500 mg, 325 mg; شربت: 120 mg/5 ml
دیفن‌هیدرامین | Diphenhydramine | شربت: 12.5 mg/5 ml; کپسول: 25 mg
آتورواستاتین | Atorvastatin | قرص: 10 mg, 20 mg, 40 mg
آزیترومایسین | Azithromycin | کپسول: 250 mg; سوسپانسیون: 200 mg/5 ml
آسپرین | Aspirin | قرص: 80 mg
آلپرازولام | Alprazolam | قرص: 0.5 mg
آلوپورینول | Allopurinol | قرص: 100 mg, 300 mg
آملودیپین | Amlodipine | قرص: 5 mg, 10 mg
انالاپریل | Enalapril | قرص: 5 mg, 20 mg
انسولین گلارژین | Insulin glargine | قلم تزریقی: 100 IU/ml
ایبوپروفن | Ibuprofen | قرص: 400 mg; سوسپانسیون: 100 mg/5 ml
بتامتازون | Betamethasone | پماد: 0.1 %; آمپول: 4 mg/ml
بیزوپرولول | Bisoprolol | قرص: 2.5 mg, 5 mg
پانتوپرازول | Pantoprazole | قرص: 20 mg, 40 mg
پردنیزولون | Prednisolone | قرص: 5 mg
پروپرانولول | Propranolol | قرص: 10 mg, 40 mg
ترامادول | Tramadol | کپسول: 50 mg
دگزامتازون | Dexamethasone | آمپول: 8 mg/2 ml; قرص: 0.5 mg
دیکلوفناک | Diclofenac | قرص: 50 mg; ژل: 1 %
دیگوکسین | Digoxin | قرص: 0.25 mg
سالبوتامول | Salbutamol | اسپری تنفسی: 100 mcg
سفالکسین | Cephalexin | کپسول: 500 mg; سوسپانسیون: 250 mg/5 ml
سفیکسیم | Cefixime | قرص: 400 mg; سوسپانسیون: 100 mg/5 ml
سیپروفلوکساسین | Ciprofloxacin | قرص: 500 mg
سیتالوپرام | Citalopram | قرص: 20 mg
سیتریزین | Cetirizine | قرص: 10 mg; شربت: 5 mg/5 ml
فامتیدین | Famotidine | قرص: 20 mg, 40 mg
فروس سولفات | Ferrous sulfate | قرص: 50 mg
فلوکستین | Fluoxetine | کپسول: 20 mg
فلوکونازول | Fluconazole | کپسول: 150 mg
فوروزماید | Furosemide | قرص: 40 mg; آمپول: 20 mg/2 ml
کاپتوپریل | Captopril | قرص: 25 mg
کلوپیدوگرل | Clopidogrel | قرص: 75 mg
کوآموکسی‌کلاو | Co-amoxiclav | قرص: 625 mg; سوسپانسیون: 312 mg/5 ml
گاباپنتین | Gabapentin | کپسول: 100 mg, 300 mg
گلی‌بنکلامید | Glibenclamide | قرص: 5 mg
لوراتادین | Loratadine | قرص: 10 mg
لوزارتان | Losartan | قرص: 25 mg, 50 mg
لووتیروکسین | Levothyroxine | قرص: 0.1 mg
متفورمین | Metformin | قرص: 500 mg, 1000 mg
مترونیدازول | Metronidazole | قرص: 250 mg
متوپرولول | Metoprolol | قرص: 50 mg
مونته‌لوکاست | Montelukast | قرص: 5 mg, 10 mg
ناپروکسن | Naproxen | قرص: 250 mg, 500 mg
وارفارین | Warfarin | قرص: 5 mg
هیدروکورتیزون | Hydrocortisone | پماد: 1 %
هیدروکلروتیازید | Hydrochlorothiazide | قرص: 50 mg
`;

/** @type {Record<string, string>} */
const FORMS = {
  ...{ قرص: 'tablet', کپسول: 'capsule', شربت: 'syrup', سوسپانسیون: 'suspension', آمپول: 'ampoule', پماد: 'ointment' },
  ...{ ژل: 'gel', 'قلم تزریقی': 'pen', 'اسپری تنفسی': 'inhaler' },
};
const MOST = 8;

/** @type {Drug[]} */
export const DRUGS = GENERICS.trim()
  .split('\n')
  .flatMap((line, generic) => {
    const [name, latin, forms] = line.split(' | ');
    const kinds = forms.split('; ').flatMap((one) => {
      const [form, strengths] = one.split(': ');
      return strengths.split(', ').map((strength) => ({ form, strength }));
    });
    return kinds.map((kind, index) => {
      return { code: String((generic + 1) * 100 + index + 1).padStart(10, '0'), name, latin, ...kind };
    });
  });

/** @param {string} form in Persian @returns {string} */
export const formInEnglish = (form) => FORMS[form] ?? form;

/**
 * Letters as a person may type them: Arabic ya and kaf, no madda, no half-space, any digits.
 *
 * @param {string} text @returns {string}
 */
export const plain = (text) =>
  text
    .toLowerCase()
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace(/[ي]/g, 'ی')
    .replace(/[ك]/g, 'ک')
    .replace(/[آأإ]/g, 'ا')
    .replace(/[\u064b-\u0652\u200c\-]/g, '');

const INDEX = DRUGS.map((drug) => {
  const { name, latin, form, strength } = drug;
  // Also as people type it who have no half-space at hand.
  const apart = `${name} ${latin}`.replace(/[\u200c-]/g, ' ');
  const words = `${name} ${latin} ${apart} ${form} ${formInEnglish(form)} ${strength}`;
  return { drug, words: plain(words).split(/[\s/]+/), names: [plain(drug.name), plain(drug.latin)] };
});

/**
 * The drugs of which every word typed begins a word: `amox 500`, `استا شربت`. Those whose name begins so come first.
 *
 * @param {string} typed @returns {Drug[]} at most eight
 */
export function search(typed) {
  const wanted = plain(typed).split(/\s+/).filter(Boolean);
  if (!wanted.length) return [];
  const found = INDEX.filter(({ words }) => wanted.every((part) => words.some((word) => word.startsWith(part))));
  const first = (/** @type {{names: string[]}} */ { names }) => names.some((name) => name.startsWith(wanted[0]));
  return [...found.filter(first), ...found.filter((one) => !first(one))].slice(0, MOST).map(({ drug }) => drug);
}
