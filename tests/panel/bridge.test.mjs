// The script of the agent's bridge page, with a window that the test plays: whom it listens to, and in whose name it asks.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

const HTML = readFileSync(new URL('../../signer/endpoint/bridge.html', import.meta.url), 'utf8');
const [, SCRIPT] = /<script>(.*?)<\/script>/s.exec(HTML);
const PANEL = 'https://panel.example';
const ASK = { mohr: 'ask', id: 1, method: 'GET', target: '/v1/credentials', headers: {} };

/** The page, opened by a panel: what it said to which origin, and the frames that it posted. */
function opened() {
  const said = [];
  const frames = [];
  const opener = { closed: false, postMessage: ({ mohr }, origin) => said.push([mohr, origin]) };
  let hear;
  const page = {
    ...{ AbortController, Blob, Map, JSON, setInterval: () => 0, close: () => said.push(['closed']) },
    document: { querySelectorAll: () => [] },
    addEventListener: (_, listener) => (hear = listener),
    fetch: async (_, { body }) => {
      frames.push(JSON.parse((await body.text()).split('\n')[0]));
      return new Response('', { headers: { 'Content-Length': '0' } });
    },
  };
  page.window = { opener };
  vm.runInNewContext(SCRIPT, page);
  const tell = async (data, origin = PANEL, source = opener) => {
    hear({ source, origin, data });
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { said, frames, tell };
}

test('a panel is answered, and asked for in the name that the browser vouches for', async () => {
  const { said, frames, tell } = opened();
  await tell({ mohr: 'hello' });
  await tell({ ...ASK, origin: 'https://forged.example' });
  assert.deepEqual(said, [['here', PANEL], ['answer', PANEL]]);
  assert.deepEqual(frames.map(({ origin }) => origin), [PANEL]);
});

for (const [who, origin, source] of [
  ['a window that did not open it', PANEL, {}],
  ['a page without an origin', 'null'],
  ['a page whose origin the browser does not tell', ''],
]) {
  test(`${who} is not heard`, async () => {
    const { said, frames, tell } = opened();
    await tell({ mohr: 'hello' }, origin, source);
    await tell(ASK, origin, source);
    assert.deepEqual([said, frames], [[], []]);
  });
}

test('another page that comes in the place of the panel is not heard', async () => {
  const { said, frames, tell } = opened();
  await tell({ mohr: 'hello' });
  await tell({ mohr: 'hello' }, 'https://evil.example');
  await tell(ASK, 'https://evil.example');
  await tell(null);
  await tell('ask');
  assert.deepEqual([said, frames], [[['here', PANEL]], []]);
});
