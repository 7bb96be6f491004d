export { keeping as default } from "./yjs.mjs";
