// Turns the checked-in docs/*.schema.json (which a Rust test generates) into www/pkg/types.d.ts.
// The schemas are merged before they are compiled, so a type that two of them share is declared once.
import { compile } from "json-schema-to-typescript";
import { readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

/** @type {Record<string, any>} */
const definitions = {};
const define = (/** @type {string} */ name, /** @type {any} */ schema) => {
  if (definitions[name] && !isDeepStrictEqual(definitions[name], schema)) {
    throw new Error(`two schemas define ${name} differently`);
  }
  definitions[name] = schema;
};

for (const file of process.argv.slice(2)) {
  const text = readFileSync(file, "utf8");
  const { title } = JSON.parse(text);
  // The compiler knows an older dialect, with other words for definitions, tuples and a schema within itself.
  const older = text
    .replaceAll(/"\$ref":\s*"#"/g, `"$ref": "#/definitions/${title}"`)
    .replaceAll('"#/$defs/', '"#/definitions/')
    .replaceAll('"prefixItems":', '"items":');
  const { $schema: _dialect, $defs = {}, ...schema } = JSON.parse(older);
  for (const [name, part] of Object.entries($defs)) define(name, part);
  define(title, schema);
}

const types = await compile(/** @type {any} */ ({ definitions }), "Schemas", {
  additionalProperties: false,
  bannerComment: "// Generated from docs/*.schema.json by tools/types.js.",
  unreachableDefinitions: true,
});
// What remains of the merging: its root, and notes of which definition a type came from.
const clean = types
  .replace(/export interface Schemas \{[^}]*\}\n/, "")
  .replaceAll(/( \*\n)? \* This interface was referenced by `Schemas`.*\n \* via the .*\n/g, "")
  .replaceAll(/\/\*\*\n \*\/\n/g, "");
writeFileSync("www/pkg/types.d.ts", clean);
