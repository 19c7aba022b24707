// stream.mjs PLAYER URL SECONDS [CUES]: play a manifest (or, with PLAYER "native", a file) in a fresh headless Chromium
// until SECONDS of it have gone by and it has CUES cues, and print as JSON what was buffered, what went wrong, the
// cues, and how far each beep was heard after its flash was shown. Exit 1 where nothing plays.
// PLAYER: native, hls.js, shaka or dash.js.
import { fileURLToPath } from "node:url";
import { launch } from "./chromium.mjs";
import { lags } from "./sync.mjs";

const [player, url, seconds, cues = 0] = process.argv.slice(2);
const PLAY_LIMIT_MS = 90_000;
const CUES_LIMIT_MS = 30_000;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const SCRIPTS = {
  "hls.js": "../../media/player/hls.min.js",
  shaka: "node_modules/shaka-player/dist/shaka-player.compiled.js",
  "dash.js": "node_modules/dashjs/dist/modern/umd/dash.all.min.js",
};

const browser = await launch();
try {
  const page = await browser.newPage();
  const failures = [];
  page.on("pageerror", (error) => failures.push(String(error)));
  page.on("console", (message) => message.type() === "error" && failures.push(message.text()));
  // A media element itself ends requests as soon as it has enough.
  page.on("requestfailed", (request) => request.failure()?.errorText !== "net::ERR_ABORTED"
    && failures.push(`${request.failure()?.errorText} ${request.url()}`));
  page.on("response", (answer) => answer.status() >= 400 && failures.push(`${answer.status()} ${answer.url()}`));
  // A page of the store's own origin, though the store has none such: sound may then be listened to.
  const stage = new URL("/.stream.html", url).href;
  await page.route(stage, (route) => route.fulfill({
    contentType: "text/html",
    body: '<!doctype html><title>stream</title><link rel="icon" href="data:,"><video width="320"></video>',
  }));
  await page.goto(stage);
  await page.addScriptTag({ path: here("stream-page.js") });
  if (SCRIPTS[player]) await page.addScriptTag({ path: here(SCRIPTS[player]) });
  const version = await page.evaluate(([name, address]) => window.start(name, address), [player, url])
    .catch((error) => { failures.push(String(error)); return null; });
  const reached = (end) => document.querySelector("video").currentTime >= end;
  const played = await page.waitForFunction(reached, Number(seconds), { timeout: PLAY_LIMIT_MS })
    .then(() => true, () => false);
  // Fewer than asked for are told by what is printed.
  const loaded = (all) => window.cues().length >= all;
  await page.waitForFunction(loaded, Number(cues), { timeout: CUES_LIMIT_MS }).catch(() => {});
  await page.evaluate(() => document.querySelector("video").pause());
  const { frames, beeps, clocks, ...seen } = await page.evaluate(() => window.seen());
  const result = { player, version, browser: browser.version(), played, ...seen, failures };
  console.log(JSON.stringify({ ...result, frames: frames.length, lags: lags({ frames, beeps, clocks }) }, null, 2));
  if (!played) process.exitCode = 1;
} finally {
  await browser.close();
}
