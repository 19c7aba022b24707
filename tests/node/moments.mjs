// Open a page at a moment, follow one of its chapters, and say where the video stands each time.
import { launch } from "./chromium.mjs";

const [url] = process.argv.slice(2);
const browser = await launch();
const page = await browser.newPage();
await page.goto(url);
const at = () => page.evaluate(() => document.querySelector("video").currentTime);
await page.waitForFunction(() => document.querySelector("video").currentTime > 0, null, { timeout: 20_000 });
const asked = await at();
const link = page.locator(".chapters a").nth(1);
const chapter = Number(await link.getAttribute("data-at")) / 1000;
await link.click();
await page.waitForFunction((from) => document.querySelector("video").currentTime > from + 0.5, chapter, { timeout: 20_000 });
const current = await page.evaluate(() => document.querySelector("[aria-current]").dataset.at / 1000);
console.log(JSON.stringify({ asked, chapter, clicked: await at(), current }));
await browser.close();
