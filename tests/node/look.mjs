// look.mjs URL OUT.png: open a page or an XML file in a fresh headless Chromium, open and press what can be pressed, and
// print as JSON what a reader sees, and what ran, was asked for or was complained of. Optional: --size WxH.
import { parseArgs } from "node:util";
import { launch } from "./chromium.mjs";

const { values, positionals: [url, picture] } = parseArgs({
  allowPositionals: true, options: { size: { type: "string", default: "1280x800" } },
});
const [width, height] = values.size.split("x").map(Number);

const read = () => {
  const texts = (selector) => [...document.querySelectorAll(selector)].map((node) => node.textContent);
  const values = (selector, name) => [...document.querySelectorAll(selector)].map((node) => node.getAttribute(name));
  const video = document.querySelector("video");
  return {
    title: document.title,
    heading: texts("h1"),
    rubric: texts(".rubric"),
    commentator: texts(".facts strong"),
    description: texts(".description"),
    chapters: texts(".chapters li a > :last-child"),
    articles: texts(".articles > ul > li"),
    articleLinks: values(".articles > ul > li a", "href"),
    quotes: texts(".passages li > :last-child"),
    labels: texts(".downloads li span"),
    tracks: values("track", "label"),
    videoLabel: video?.getAttribute("aria-label"),
    cues: [...(video?.textTracks ?? [])]
      .flatMap((track) => [...(track.cues ?? [])].map((cue) => cue.getCueAsHTML().textContent)),
    cueElements: [...(video?.textTracks ?? [])].flatMap((track) => [...(track.cues ?? [])]
      .flatMap((cue) => [...cue.getCueAsHTML().querySelectorAll("*")].map((node) => node.localName))),
    data: texts("script[type='application/ld+json']").map((text) => JSON.parse(text)),
    meta: Object.fromEntries([...document.querySelectorAll("meta[property], meta[name]")]
      .map((node) => [node.getAttribute("property") ?? node.getAttribute("name"), node.content])),
    scripts: document.scripts.length,
    foreign: document.querySelectorAll("img, iframe, object, embed, svg, form, base, [onerror], [onload], [onclick]").length,
    scrollWidth: document.documentElement.scrollWidth,
  };
};
// Chromium shows XML in a page of its own; the file's own tree is what it was made from.
const readXml = async () => {
  const tree = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "application/xml");
  return {
    faults: [...tree.querySelectorAll("parsererror")].map((node) => node.textContent),
    titles: [...tree.getElementsByTagNameNS("*", "title")].map((node) => node.textContent),
    html: [...tree.getElementsByTagNameNS("http://www.w3.org/1999/xhtml", "*")].length,
    type: document.contentType,
    shown: document.documentElement.textContent,
  };
};

const browser = await launch();
try {
  const page = await browser.newPage({ viewport: { width, height } });
  const [ran, complaints, requests] = [[], [], []];
  await page.exposeFunction("pwned", (what) => ran.push(`pwned ${what}`));
  page.on("dialog", (dialog) => { ran.push(`dialog ${dialog.message()}`); return dialog.dismiss(); });
  page.on("popup", (popup) => ran.push(`popup ${popup.url()}`));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(`${message.text()} ${message.location().url}`));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  page.on("response", (answer) => answer.status() >= 400 && complaints.push(`${answer.status()} ${answer.url()}`));
  await page.goto(url, { waitUntil: "load" });
  await page.waitForLoadState("networkidle");
  const isPage = await page.evaluate(() => document.contentType === "text/html");
  if (isPage) {
    for (const summary of await page.locator("summary").all()) await summary.click();
    for (const link of await page.locator("a[data-at]").all()) await link.click();
    for (const frame of page.frames()) {
      const video = frame.locator("video");
      if (!await video.count()) continue;
      if (!await frame.locator("a[data-at]").count()) await video.click();
      await frame.waitForFunction(() => document.querySelector("video").currentTime > 0, null, { timeout: 10_000 })
        .catch(() => complaints.push(`it does not play: ${frame.url()}`));
    }
    await page.evaluate(() => document.querySelector("video")?.pause());
  }
  const seen = await page.evaluate(isPage ? read : readXml);
  await page.screenshot({ path: picture, fullPage: true });
  const stayed = page.url().split("?")[0] === url.split("?")[0];
  console.log(JSON.stringify({ ...seen, ran, complaints, requests, stayed, frames: page.frames().length }, null, 2));
} finally {
  await browser.close();
}
