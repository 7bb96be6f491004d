import { startWasm, version } from "./wasm.js";

await startWasm();
const line = document.createElement("p");
line.textContent = `Version ${version()}`;
document.querySelector("main")?.append(line);
