// The peers come with `npm ci` in this folder, which serving, testing and linting Synod do without:
// here they are named, so that what measures them is checked all the same.
declare module "@automerge/automerge";
declare module "diamond-types-node";
declare module "json-joy/lib/json-crdt/index.js";
declare module "json-joy/lib/json-crdt-patch/index.js";
declare module "loro-crdt";
declare module "yjs";

/** Where, how many characters are deleted there, and what is put there. */
type Edit = [at: number, deleted: number, text: string];

/** What one person did at one time, and whose steps had reached them by then. */
interface Step {
  who: number;
  received: number[];
  edits: Edit[];
}

interface Recording {
  name: string;
  people: number;
  steps: Step[];
  /** The text that everybody has in the end. */
  expected: string;
}

/** A library, seen in the same way as every other. `Doc` is whatever it takes for a document. */
interface Library<Doc = any> {
  /** An empty document, edited by number `person`, who is to `send` changes or not. */
  create(person: number, send: boolean): Doc;
  /** One transaction. */
  edit(doc: Doc, edits: Edit[]): void;
  /** What was done here since this was last asked, for others to apply. */
  take(doc: Doc): Uint8Array;
  apply(doc: Doc, update: Uint8Array): void;
  text(doc: Doc): string;
  /** Everything, as it would be kept on a disk. */
  save(doc: Doc): Uint8Array;
  open(bytes: Uint8Array): Doc;
  /** One update made of many, where the library can do this without a document. */
  join?(updates: Uint8Array[]): Uint8Array;
  free?(doc: Doc): void;
}

/** What measuring once gives: milliseconds and bytes by column. */
type Figures = Record<string, number>;

/** What one process says of one library in one job: a library too slow is stopped, at an estimate in seconds. */
interface Said {
  runs: Figures[];
  stopped?: number;
  wrong?: string;
  /** What the probes found. */
  answers?: string[];
}
