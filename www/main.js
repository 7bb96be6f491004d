import { version } from "./wasm.js";

const line = document.createElement("p");
line.textContent = `Version ${version()}`;
document.querySelector("main")?.append(line);
