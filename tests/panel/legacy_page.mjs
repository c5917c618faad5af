// A page that was written for Dastine, in Node beside a real agent: `node legacy_page.mjs PORT`. Prints what each call gave.
import { dastine } from '../../signer/panel/dastine.js';
import { Mohr } from '../../signer/panel/mohr.js';
import { direct } from '../../signer/panel/ways.js';
import { ORIGIN, memory } from './agent.mjs';

const said = {};
const port = Number(process.argv[2]);
// Node sends no Origin by itself, where a browser always does.
const fetch = (url, init) => globalThis.fetch(url, { ...init, headers: { ...init.headers, Origin: ORIGIN } });
const mohr = new Mohr({ ports: [port], storage: memory(), origin: ORIGIN, way: direct('http', { fetch }) });
await mohr.pair({ onCode: () => {} });

const Dastine = dastine({ mohr, language: 'en' });
await Dastine.ready;
const keep = (name, call, next) => call((event) => ((said[name] = event.data), next?.()));
const document = Buffer.from('{"letter":"متن نامه"}').toString('base64');

await new Promise((done) => {
  keep('Reset', Dastine.Reset, () => {
    keep('Select', (back) => Dastine.SelectCertificateFromTokenByUI('', '', back), () => {
      keep('Sha1', (back) => Dastine.CmsSign(document, true, back), () => {
        keep('CmsSign', (back) => Dastine.CmsSign(document, true, back, 'SHA256'), () => {
          keep('Certificate', Dastine.GetSelectedCertificate, () => {
            keep('Sign', (back) => Dastine.Sign(document, 'SHA256', back), () => {
              keep('SetPIN', (back) => Dastine.SetPIN('1234', '', back), done);
            });
          });
        });
      });
    });
  });
});
process.stdout.write(JSON.stringify({ installed: Dastine.isInstalled, document, ...said }), () => process.exit(0));
