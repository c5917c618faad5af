// Bundles the panel's SDK as a panel's own build does and says what it weighs: `node bundle.mjs ENTRY`, JSON with
// `core`, what a page loads before it asks for anything, `all`, and `compressed`, the core by gzip. In octets.

import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const { outputFiles, metafile } = await build({
  entryPoints: [process.argv[2]],
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  outdir: "/bundle",
  write: false,
  metafile: true,
});

const core = new Set();
const reach = (path) => {
  if (core.has(path)) return;
  core.add(path);
  for (const { kind, path: next } of metafile.outputs[path].imports) if (kind === "import-statement") reach(next);
};
reach(Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint?.endsWith("mohr.js")));

const ends = [...core].map((path) => `/${path.split("/").pop()}`);
const loaded = outputFiles.filter(({ path }) => ends.some((end) => path.endsWith(end)));
const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
process.stdout.write(
  JSON.stringify({
    core: sum(loaded.map(({ contents }) => contents.length)),
    compressed: sum(loaded.map(({ contents }) => gzipSync(contents).length)),
    all: sum(outputFiles.map(({ contents }) => contents.length)),
  }),
);
