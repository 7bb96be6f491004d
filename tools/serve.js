// Serves a folder on 127.0.0.1 and prints the address: `node tools/serve.js [folder]`.
// $PORT, or 8080, or the next free one. Every answer is revalidated (ETag), so a rebuilt page is never stale.
import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import { extname, join, normalize } from "node:path";

const root = process.argv[2] ?? "dist";
const first = Number(process.env.PORT ?? 8080);
/** @type {Record<string, string>} */
const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

const server = createServer(async (request, response) => {
  try {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = normalize(decodeURIComponent(pathname)); // absolute, so `..` cannot climb out of root
    const file = join(root, path.endsWith("/") ? `${path}index.html` : path);
    const { mtimeMs, size } = await stat(file);
    const etag = `"${size.toString(36)}-${mtimeMs.toString(36)}"`;
    const fresh = request.headers["if-none-match"] === etag;
    response.writeHead(fresh ? 304 : 200, {
      "cache-control": "no-cache",
      "content-type": types[extname(file)] ?? "application/octet-stream",
      etag,
    });
    response.end(fresh || request.method === "HEAD" ? undefined : await readFile(file));
  } catch {
    response.writeHead(404, { "content-type": "text/plain" }).end("not found\n");
  }
});

let port = first;
server.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code !== "EADDRINUSE" || port >= first + 20) throw error;
  server.listen(++port, "127.0.0.1");
});
server.on("listening", () => {
  const address = server.address();
  const bound = address && typeof address === "object" ? address.port : port;
  console.log(`Synod is at http://127.0.0.1:${bound}/`);
});
server.listen(port, "127.0.0.1");
