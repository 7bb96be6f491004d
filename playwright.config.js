// Page tests run against the built dist/ in the Chromium that build.sh found ($CHROMIUM).
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests/page",
  outputDir: "test-results",
  reporter: "list",
  forbidOnly: !!process.env.CI,
  retries: 0,
  workers: 2,
  fullyParallel: true,
  use: {
    baseURL: `http://127.0.0.1:${process.env.SYNOD_PORT}/`,
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
      ],
    },
  },
  // PORT=0 takes a free port; what the server prints says which, and Playwright puts it into SYNOD_PORT.
  webServer: {
    command: "node tools/serve.js dist",
    env: { PORT: "0" },
    wait: { stdout: /http:\/\/127\.0\.0\.1:(?<synod_port>\d+)\// },
  },
});
