// The SDK in Node at a real agent: `node certificates.mjs PORT`. Pairs, asks for a key and its request, prints it as a
// line of JSON, reads the issued certificate (PEM, as a line of JSON) and hands it in; then signs with it.
import { createInterface } from 'node:readline';

import { Mohr } from '../../signer/panel/mohr.js';
import { direct } from '../../signer/panel/ways.js';
import { ORIGIN, memory } from './agent.mjs';

/** A browser writes `Origin` by itself, and Node does not. */
const fetchAs = (url, init) => fetch(url, { ...init, headers: { ...init?.headers, Origin: ORIGIN } });
const [port] = process.argv.slice(2).map(Number);
const mohr = new Mohr({
  ports: [port],
  storage: memory(),
  origin: ORIGIN,
  way: direct('http', { fetch: fetchAs }),
});
const say = (value) => console.log(JSON.stringify(value));

await mohr.pair({ onCode: () => {} });
const subject = {
  given_name: 'سارا',
  surname: 'نمونه',
  national_code: '0012345679',
  council_number: '123456',
  centre: 'مطب ونک',
};
const states = [];
const asked = { key: 'ec-p256', idempotencyKey: 'c-1', onState: ({ state }) => states.push(state) };
const first = await mohr.requestCertificate(subject, asked);
const again = await mohr.requestCertificate(subject, asked);
say({ first, again, states });
for await (const line of createInterface({ input: process.stdin })) {
  const kept = await mohr.importCertificate(JSON.parse(line));
  const document = { id: 'rx-1', media_type: 'text/plain', content: 'for the first time' };
  const signed = await mohr.sign([document], { credential: kept.credential });
  say({ kept, signed: signed.signed, certificate: signed.documents[0]?.certificate });
  break;
}
process.exit(0);
