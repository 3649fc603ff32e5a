// Bundles each widget into one ES module beside its Python class. The output depends on the sources
// and the lock file alone, so that a test can rebuild it and compare bytes.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const BUDGET = 120_000;
const WIDGETS = ["editor", "explorer", "search", "symmetry"];

const here = dirname(fileURLToPath(import.meta.url));
// `node build.mjs DIR` writes elsewhere, which is how the committed bundle is compared with a fresh one.
const target = process.argv[2] ? resolve(process.argv[2]) : resolve(here, "../workbench/widgets/static");

const cssAsText = {
  name: "css-as-text",
  setup(bundler) {
    bundler.onResolve({ filter: /\.css\?inline$/ }, (args) => ({
      path: resolve(args.resolveDir, args.path.replace("?inline", "")),
      namespace: "css-as-text",
    }));
    bundler.onLoad({ filter: /.*/, namespace: "css-as-text" }, async (args) => {
      const { code } = await transform(await readFile(args.path, "utf8"), { loader: "css", minify: true });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

await mkdir(target, { recursive: true });
for (const widget of WIDGETS) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [`src/${widget}/index.ts`],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    plugins: [cssAsText],
  });
  const bytes = result.outputFiles[0].contents;
  const path = resolve(target, `${widget}.js`);
  if (bytes.length > BUDGET) {
    console.error(`${basename(path)} is ${bytes.length} bytes, above the budget of ${BUDGET}; nothing written`);
    process.exit(1);
  }
  await writeFile(path, bytes);
  console.log(`${basename(path)} ${bytes.length} bytes`);
}
