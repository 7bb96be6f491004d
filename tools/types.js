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
  const { $schema: _dialect, $defs = {}, ...schema } = JSON.parse(readFileSync(file, "utf8"));
  for (const [name, part] of Object.entries($defs)) define(name, part);
  define(schema.title, schema);
}

const merged = JSON.parse(JSON.stringify({ definitions }).replaceAll("#/$defs/", "#/definitions/"));
const types = await compile(merged, "Schemas", {
  additionalProperties: false,
  bannerComment: "// Generated from docs/*.schema.json by tools/types.js.",
  unreachableDefinitions: true,
});
writeFileSync("www/pkg/types.d.ts", types);
