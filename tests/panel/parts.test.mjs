// What becomes of a page whose server no longer has the modules that are loaded late.
import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { test } from 'node:test';

import { Mohr } from '../../signer/panel/mohr.js';
import { direct } from '../../signer/panel/ways.js';
import { Agent, ORIGIN, memory, refuse } from './agent.mjs';

const LATE = ['./signing.js', './certificates.js', './bridge.js', './why.js', './sockets.js'];
registerHooks({
  resolve(specifier, context, next) {
    if (LATE.includes(specifier)) throw new Error('404');
    return next(specifier, context);
  },
});

const panel = (fetch, storage = memory()) =>
  new Mohr({ ports: [18717], storage, origin: ORIGIN, way: direct('http', { fetch }) });

test('signing that cannot be loaded says so, and sends nothing', async () => {
  const agent = await Agent.make();
  const mohr = panel(agent.fetch, await agent.pairedStore());
  assert.equal((await (await mohr.detect()).final).state, 'ready');
  const document = { id: 'a', media_type: 'text/plain', content: 'x' };
  await assert.rejects(mohr.sign([document]), { code: 'part-missing' });
  assert.equal(agent.requests.size, 0);
});

test('certificates that cannot be loaded say so, and nothing is sent', async () => {
  const agent = await Agent.make();
  const mohr = panel(agent.fetch, await agent.pairedStore());
  await assert.rejects(mohr.requestCertificate({ given_name: 'a', surname: 'b', national_code: '0012345679' }), {
    code: 'part-missing',
  });
  await assert.rejects(mohr.importCertificate('AAAA'), { code: 'part-missing' });
  await assert.rejects(mohr.pending(), { code: 'part-missing' });
  assert.equal(agent.requests.size, 0);
});

test('a bridge that cannot be loaded says so', async () => {
  await assert.rejects(panel(refuse).openBridge(), { code: 'part-missing' });
});

test('silence whose reason cannot be loaded is silence', async () => {
  assert.equal((await (await panel(refuse).detect()).final).state, 'no-answer');
});

test('sockets that cannot be loaded are no answer', async () => {
  const mohr = new Mohr({ ports: [18717], storage: memory(), origin: ORIGIN, way: direct('ws') });
  assert.equal((await (await mohr.detect()).final).state, 'no-answer');
});
