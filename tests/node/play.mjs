// play.mjs URL OUT.png SECONDS: play a published page in a fresh headless Chromium until SECONDS of it have gone by,
// take a picture while a caption stands, and print what a reader would see as JSON. Exit 1 where nothing plays.
// Optional: --scheme dark|light, --size WxH, --block GLOB (requests that fail, to see the page cope), --full (whole page).
import { parseArgs } from "node:util";
import { launch } from "./chromium.mjs";

const { values, positionals: [url, picture, seconds] } = parseArgs({
  allowPositionals: true,
  options: {
    scheme: { type: "string", default: "light" },
    size: { type: "string", default: "1280x800" },
    block: { type: "string", multiple: true, default: [] },
    full: { type: "boolean", default: false },
  },
});
const [width, height] = values.size.split("x").map(Number);
const PLAY_LIMIT_MS = 60_000;
const CAPTION_LIMIT_MS = 20_000;

const look = () => {
  const video = document.querySelector("video");
  const tracks = [...video.textTracks].filter((track) => track.mode === "showing");
  const starts = (ranges) => [...Array(ranges.length).keys()].map((i) => [ranges.start(i), ranges.end(i)]);
  const text = (selector) => document.querySelector(selector)?.textContent.trim() ?? null;
  const box = video.getBoundingClientRect();
  return {
    title: document.title,
    heading: text("h1"),
    language: document.documentElement.lang,
    articles: [...document.querySelectorAll(".articles > ul li")].map((item) => ({
      title: item.textContent.trim(), href: item.querySelector("a")?.href ?? null,
    })),
    downloads: [...document.querySelectorAll("a[download]")].map((link) => link.href),
    source: video.currentSrc,
    currentTime: video.currentTime,
    duration: video.duration,
    width: video.videoWidth,
    height: video.videoHeight,
    box: { x: box.x, y: box.y, width: box.width, height: box.height },
    scrollWidth: document.documentElement.scrollWidth,
    buffered: starts(video.buffered),
    tracks: video.textTracks.length,
    tracksShowing: tracks.length,
    captions: tracks.flatMap((track) => [...(track.activeCues ?? [])].map((cue) => cue.text)),
    cues: tracks.reduce((sum, track) => sum + (track.cues?.length ?? 0), 0),
    mediaError: video.error?.message ?? null,
  };
};

const captionStands = () => [...document.querySelector("video").textTracks]
  .some((track) => track.mode === "showing" && track.activeCues?.length);

const browser = await launch();
try {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme: values.scheme });
  const [consoleErrors, failedRequests, requests] = [[], [], []];
  page.on("console", (message) => message.type() === "error" && consoleErrors.push(message.text()));
  page.on("pageerror", (error) => consoleErrors.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  page.on("requestfailed", (request) => failedRequests.push(`${request.failure()?.errorText} ${request.url()}`));
  page.on("response", (answer) => answer.status() >= 400 && failedRequests.push(`${answer.status()} ${answer.url()}`));
  for (const glob of values.block) await page.route(glob, (route) => route.abort());

  await page.goto(url, { waitUntil: "load" });
  await page.waitForLoadState("networkidle");
  const beforePlay = requests.length;
  // As a reader starts it: by a click on the picture. Where that does nothing, ask the element itself, and say so.
  await page.locator("video").click();
  const startedByClick = await page
    .waitForFunction(() => !document.querySelector("video").paused, null, { timeout: 2000 })
    .then(() => true, () => false);
  // A change of source rejects this promise although the page goes on playing; only currentTime counts.
  if (!startedByClick) await page.evaluate(() => { document.querySelector("video").play().catch(() => {}); });
  const played = await page
    .waitForFunction((end) => document.querySelector("video").currentTime >= end, Number(seconds), { timeout: PLAY_LIMIT_MS })
    .then(() => true, () => false);
  const hasCaptions = await page.evaluate(() => document.querySelector("video").textTracks.length > 0);
  const captioned = played && hasCaptions && await page
    .waitForFunction(captionStands, null, { timeout: CAPTION_LIMIT_MS, polling: 50 })
    .then(() => true, () => false);
  await page.evaluate(() => document.querySelector("video").pause());
  const seen = await page.evaluate(look);
  await page.screenshot({ path: picture, fullPage: values.full });
  console.log(JSON.stringify(
    {
      startedByClick, played, captioned, ...seen,
      requestedBeforePlay: requests.slice(0, beforePlay), consoleErrors, failedRequests,
    }, null, 2,
  ));
  if (!played) process.exitCode = 1;
} finally {
  await browser.close();
}
