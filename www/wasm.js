// The only file that imports pkg.
import init, { version } from "./pkg/synod.js";

await init();

export { version };
