// A page written for Dastine, on the adapter: what is mapped, and what is refused with a sentence.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { CODES, explainMove } from '../../signer/panel/dastine-words.js';
import { dastine } from '../../signer/panel/dastine.js';
import { Mohr } from '../../signer/panel/mohr.js';
import { direct } from '../../signer/panel/ways.js';
import { Agent, ORIGIN, memory, network } from './agent.mjs';

const base64 = (text) => Buffer.from(text).toString('base64');
const TEXT = base64('متن نامه');

/** A page beside an agent that it is paired with. */
async function page({ credentials } = {}) {
  const agent = await Agent.make();
  const storage = await agent.pairedStore();
  const way = direct('http', { fetch: network({ 18717: agent.fetch }) });
  const mohr = new Mohr({ ports: [18717], storage, origin: ORIGIN, way });
  if (credentials) mohr.credentials = async () => credentials;
  return { agent, storage, Dastine: dastine({ mohr, language: 'en' }) };
}

/** What a call gave to its callback. */
const given = (act) => new Promise((resolve) => act((event) => resolve(event.data)));

async function request(agent) {
  await agent.called('GET', '/v1/signing-requests/');
  return [...agent.requests.values()].at(-1);
}

test('the usual chain of calls signs, and gives the certificate after the signature', async () => {
  const { agent, storage, Dastine } = await page();
  assert.equal(await Dastine.ready, 'ready');
  assert.equal(Dastine.isInstalled, true);
  assert.equal((await given((call) => Dastine.Reset(call))).Result, '0');
  assert.equal((await given((call) => Dastine.SelectCertificateFromTokenByUI('', '', call))).Result, '0');
  const before = await given((call) => Dastine.GetSelectedCertificate(call));
  assert.deepEqual([before.Result, before.mohr.code], ['19', 'certificate-comes-later']);
  const signing = given((call) => Dastine.CmsSign(TEXT, false, call, 'SHA256'));
  const { text, view } = await request(agent);
  const { documents, credential } = JSON.parse(text);
  const { format, media_type, attached, content_base64 } = documents[0];
  assert.deepEqual([format, media_type, attached, content_base64], ['cms', 'text/plain', false, TEXT]);
  assert.equal(credential, 'c-1');
  agent.sign(view.id);
  assert.deepEqual(await signing, { command: 'CmsSign', Result: 'AAAA' });
  assert.equal((await given((call) => Dastine.GetSelectedCertificate(call))).Result, 'BBBB');
  assert.deepEqual([...storage.kept.keys()], ['pairing'], 'nothing of it stays behind');
});

for (const [name, attached, call] of [
  ['Sign gives a detached CMS', false, (Dastine, back) => Dastine.Sign(TEXT, 'SHA-256', back)],
  ['CmsSign attaches where the page says so', true, (Dastine, back) => Dastine.CmsSign(TEXT, true, back, 'sha256')],
  ['CmsSign with its hash in second place attaches', true, (Dastine, back) => Dastine.CmsSign(TEXT, 'SHA256', back)],
]) {
  test(name, async () => {
    const { agent, Dastine } = await page();
    await Dastine.SelectCertificateFromTokenByUI('', '');
    const signing = given((back) => call(Dastine, back));
    const { text, view } = await request(agent);
    assert.equal(JSON.parse(text).documents[0].attached, attached);
    agent.sign(view.id);
    assert.equal((await signing).Result, 'AAAA');
  });
}

const REFUSED = [
  ['hash-not-offered', '12', (Dastine, back) => Dastine.Sign(TEXT, 'SHA1', back)],
  ['hash-not-offered', '12', (Dastine, back) => Dastine.Sign(TEXT, '', back)],
  ['hash-not-offered', '12', (Dastine, back) => Dastine.CmsSign(TEXT, true, back)],
  ['hash-not-offered', '12', (Dastine, back) => Dastine.CmsSign(TEXT, 'SHA1', back)],
  ['hash-not-offered', '12', (Dastine, back) => Dastine.CmsSign(TEXT, true, back, 'MD5')],
  ['not-base64', '34', (Dastine, back) => Dastine.Sign('سلام', 'SHA256', back)],
  ['digest-refused', '35', (Dastine, back) => Dastine.Sign(Buffer.alloc(20, 0xc1).toString('base64'), 'SHA256', back)],
  ['digest-refused', '35', (Dastine, back) => Dastine.Sign(Buffer.alloc(32, 0xc1).toString('base64'), 'SHA256', back)],
  ['digest-refused', '35', (Dastine, back) => Dastine.Sign(base64('0f'.repeat(32)), 'SHA256', back)],
  ['data-unreadable', '35', (Dastine, back) => Dastine.Sign(Buffer.alloc(300, 0xc1).toString('base64'), 'SHA256', back)],
  ['data-unreadable', '35', (Dastine, back) => Dastine.Sign(Buffer.from('a b', 'utf16le').toString('base64'), 'SHA256', back)],
  ['secret-in-page', '19', (Dastine, back) => Dastine.SetPIN('1234', 'token', back)],
  ['secret-in-page', '19', (Dastine, back) => Dastine.SelectCertificateFromFileByUI('', '', 'p12', 'password', back)],
  ['secret-in-page', '19', (Dastine, back) => Dastine.ImportCertificateFromFileToToken('p12', 'password', 't', 'k', back)],
  ['attributes-not-offered', '19', (Dastine, back) => Dastine.CmsSignWithAttributes(TEXT, 'a', 'b', back)],
  ['call-not-offered', '19', (Dastine, back) => Dastine.ListTokens(back)],
  ['call-not-offered', '19', (Dastine, back) => Dastine.CmsDecrypt('cipher', back)],
  ['key-usages-not-offered', '19', (Dastine, back) => Dastine.SelectCertificateFromTokenByUI('', '80', back)],
  ['no-certificate', '25', (Dastine, back) => Dastine.SelectCertificateFromTokenByUI('another authority', '', back)],
  ['subject-unknown', '22', (Dastine, back) => Dastine.SelectCertificateFromTokenBySubject('CN=another', '', '', back)],
];
for (const [code, number, call] of REFUSED) {
  test(`refused with ${number} and what to change: ${String(call).slice(19)}`, async () => {
    const { agent, Dastine } = await page({
      credentials: [{ id: 'c-1', holder: 'دکتر نمونه', issuer: 'CA', usable: true }],
    });
    await Dastine.SelectCertificateFromTokenByUI('', '');
    const { Result, mohr } = await given((back) => call(Dastine, back));
    assert.deepEqual([Result, mohr.code], [number, code]);
    assert.deepEqual({ title: mohr.title, remedy: mohr.remedy }, explainMove(code, 'en'));
    assert.equal(agent.requests.size, 0, 'nothing was sent');
  });
}

test('nothing is signed before a certificate was selected, nor after a reset', async () => {
  const { Dastine } = await page();
  assert.equal((await Dastine.CmsSign(TEXT, true, undefined, 'SHA256')).data.Result, '11');
  await Dastine.SelectCertificateFromTokenByUI('', '');
  await Dastine.Reset();
  assert.equal((await Dastine.CmsSign(TEXT, true, undefined, 'SHA256')).data.Result, '11');
});

test('of several certificates the doctor chooses, in the window', async () => {
  const one = { holder: 'دکتر نمونه', issuer: 'CA', usable: true };
  const { agent, Dastine } = await page({ credentials: [{ id: 'c-1', ...one }, { id: 'c-2', ...one }] });
  assert.equal((await Dastine.SelectCertificateFromTokenByUI('', '')).data.Result, '0');
  const signing = Dastine.Sign(TEXT, 'SHA256');
  const { text, view } = await request(agent);
  assert.equal(JSON.parse(text).credential, undefined);
  agent.sign(view.id);
  assert.equal((await signing).data.Result, 'AAAA');
});

test("a doctor's no is Dastine's 18, and the next try is another request", async () => {
  const { agent, Dastine } = await page();
  await Dastine.SelectCertificateFromTokenByUI('', '');
  const signing = Dastine.Sign(TEXT, 'SHA256');
  agent.move((await request(agent)).view.id, 'declined', { state: 'declined' });
  assert.equal((await signing).data.Result, '18');
  agent.calls.length = 0;
  const again = Dastine.Sign(TEXT, 'SHA256');
  agent.sign((await request(agent)).view.id);
  assert.equal((await again).data.Result, 'AAAA');
  assert.equal(agent.requests.size, 2);
});

test('without a pairing the page is told so, and not that nothing is installed', async () => {
  const agent = await Agent.make();
  const way = direct('http', { fetch: network({ 18717: agent.fetch }) });
  const Dastine = dastine({ mohr: new Mohr({ ports: [18717], storage: memory(), origin: ORIGIN, way }) });
  await Dastine.ready;
  assert.deepEqual([Dastine.isInstalled, Dastine.errorMessage], [false, 'MOHR_NOT_PAIRED']);
  const { Result, mohr } = (await Dastine.SelectCertificateFromTokenByUI('', '')).data;
  assert.deepEqual([Result, mohr.code], ['20', 'not-paired']);
  assert.match(mohr.remedy, /اتصال/);
});

test('text goes to base64 and back, in UTF-8', async () => {
  const { Dastine } = await page();
  const there = await given((call) => Dastine.UnicodeToBase64('نسخه', call));
  assert.equal(there.Result, base64('نسخه'));
  assert.equal((await given((call) => Dastine.Base64ToUnicode(there.Result, call))).Result, 'نسخه');
});

test('a token that comes is told to the page', async () => {
  const { agent, Dastine } = await page();
  let heard;
  const told = new Promise((resolve) => (heard = resolve));
  assert.equal((await given((call) => Dastine.SetTokenInsertEvent(call, heard))).Result, '0');
  const stream = await agent.stream(0);
  await stream.say('tokens', 'a-1', { state: 'absent', tokens: [] });
  await stream.say('tokens', 'a-2', { state: 'ready', tokens: [{ label: 'مطب', credentials: ['c-1'] }] });
  assert.equal((await told).data.command, 'TokenInsertHandler');
  await Dastine.Reset();
  assert.equal(stream.open, false);
});

test('every refusal has a sentence and what to change in both languages', () => {
  for (const code of CODES) {
    for (const language of ['fa', 'en']) {
      const { title, remedy } = explainMove(code, language);
      assert.ok(title.length > 8 && remedy.length > 8, `${code} ${language}`);
      assert.equal(/[\u0600-\u06ff]/.test(title), language === 'fa', `${code} ${language}`);
    }
  }
});
