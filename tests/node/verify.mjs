// Verifies JWS files with npm's `jose`: `node verify.mjs CASES.json`, one answer a case as a JSON array.
//
// A case is {jws, spki, alg, crit, payload}: `jws` is the file's text, compact or flattened JSON; `spki` a PEM
// public key; `crit` the critical parameters that the caller knows; `payload` base64url, where it is detached.
// An answer is {payload, header}, or {error} with the library's code.

import { readFileSync } from "node:fs";
import { compactVerify, flattenedVerify, importSPKI } from "jose";

const understood = (names) => Object.fromEntries(names.map((name) => [name, true]));

async function verify({ jws, spki, alg, crit, payload }) {
  const options = { algorithms: [alg], crit: understood(crit) };
  const key = await importSPKI(spki, alg);
  if (jws.startsWith("{")) {
    const flattened = JSON.parse(jws);
    return flattenedVerify(payload === undefined ? flattened : { ...flattened, payload }, key, options);
  }
  const attached = payload === undefined ? jws : jws.replace("..", `.${payload}.`);
  return compactVerify(attached, key, options);
}

const answers = [];
for (const one of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  try {
    const { payload, protectedHeader } = await verify(one);
    answers.push({ payload: Buffer.from(payload).toString("base64"), header: protectedHeader });
  } catch (error) {
    answers.push({ error: error.code ?? String(error) });
  }
}
process.stdout.write(JSON.stringify(answers));
