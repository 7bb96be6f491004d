// The only file that touches the compiled hunt. It is loaded by its workers alone.

import start, { Hunt, noReturn, shrink } from "./pkg/hunt.js";

export { Hunt, noReturn, shrink };

/** Fetches, compiles and starts the module. */
export const startHunt = () => start();
