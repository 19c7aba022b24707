// vtt-parse.mjs FILE…: judge WebVTT files with npm's webvtt-parser; print what it finds wrong in each, as JSON.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { WebVTTParser } = createRequire(import.meta.url)("webvtt-parser");
const judged = process.argv.slice(2).map((file) => {
  const { cues, errors } = new WebVTTParser().parse(readFileSync(file, "utf8"));
  return { file, errors, cues: cues.map(({ id, startTime, endTime }) => [id, startTime, endTime]) };
});
console.log(JSON.stringify(judged));
