// Makes dist/, which is what is served: the modules of www/ bundled, everything else copied.
// www/main.js and the workers are entry points and keep their names; what they
// share and what they import lazily becomes chunks beside them, so that in the bundle `import.meta.url`
// always points into the top of dist/. Workers are therefore started by `new URL("./worker.js", …)`.
import { build } from "esbuild";
import { cpSync, existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, extname } from "node:path";

const NEXT = "dist.next"; // built aside, so that a failed build leaves the page being served as it was
const SCENARIOS = "tests/scenarios";
rmSync(NEXT, { recursive: true, force: true });

await build({
  entryPoints: ["www/main.js", "www/hunt-worker.js", "www/check-worker.js", "www/style.css"].filter(
    existsSync,
  ),
  outdir: NEXT,
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: true,
  legalComments: "linked",
  loader: { ".woff2": "file" },
  logLevel: "warning",
});

const bundled = new Set([".js", ".css", ".ts"]);
cpSync("www", NEXT, {
  recursive: true,
  filter: (path) => basename(path) !== "pkg" && !bundled.has(extname(path)),
});
// What shows the mutants is read by the page when somebody asks for one: under the mutant's own name.
for (const protocol of readdirSync(SCENARIOS))
  for (const file of readdirSync(`${SCENARIOS}/${protocol}`)) {
    const [, mutant] = /^mutant-(.+)$/.exec(file) ?? [];
    if (mutant)
      cpSync(
        `${SCENARIOS}/${protocol}/${file}`,
        `${NEXT}/counterexamples/${protocol}/${mutant.replaceAll("-", "_")}`,
      );
  }
for (const file of readdirSync("www/pkg"))
  if (file.endsWith(".wasm")) cpSync(`www/pkg/${file}`, `${NEXT}/${file}`);

rmSync("dist", { recursive: true, force: true });
renameSync(NEXT, "dist");
