// sitemap-parse.mjs FILE: read a sitemap with npm's sitemap, which judges each value, and print its entries as JSON.
import { createReadStream } from "node:fs";
import { ErrorLevel, SitemapItemStream, SitemapStream, XMLToSitemapItemStream, streamToPromise } from "sitemap";

const items = [];
const read = createReadStream(process.argv[2]).pipe(new XMLToSitemapItemStream({ level: ErrorLevel.THROW }));
for await (const item of read) items.push(item);
// Written again, the same library judges what only its writer looks at.
const writer = new SitemapStream({ level: ErrorLevel.THROW });
for (const item of items) writer.write(item);
writer.end();
await streamToPromise(writer);
console.log(JSON.stringify(items));
