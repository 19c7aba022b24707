// mpd-parse.mjs FILE…: parse MPDs with npm's mpd-parser, print one JSON object per file in a list; exit 1 on any error.
// The parser passes over much in silence, so its warnings count as errors too. Files are absolute paths.
import { readFile } from "node:fs/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parse } from "mpd-parser";

const path = (url) => (url ? fileURLToPath(url) : null);

const representation = (kind, language) => (playlist) => ({
  kind,
  language,
  id: playlist.attributes.NAME,
  codecs: playlist.attributes.CODECS ?? null,
  bandwidth: playlist.attributes.BANDWIDTH,
  resolution: playlist.attributes.RESOLUTION ?? null,
  frameRate: playlist.attributes["FRAME-RATE"] ?? null,
  targetDuration: playlist.targetDuration,
  duration: playlist.segments.reduce((sum, segment) => sum + segment.duration, 0),
  init: path(playlist.segments[0]?.map?.resolvedUri),
  segments: playlist.segments.map((segment) => ({ file: path(segment.resolvedUri), duration: segment.duration })),
});

const group = (manifest, name, kind) => Object.values(manifest.mediaGroups[name])
  .flatMap((renditions) => Object.values(renditions))
  .flatMap((rendition) => rendition.playlists.map(representation(kind, rendition.language)));

const results = [];
for (const file of process.argv.slice(2)) {
  try {
    const warnings = [];
    const manifestUri = pathToFileURL(file).href;
    const eventHandler = ({ type, message }) => warnings.push(`${type}: ${message}`);
    const manifest = parse(await readFile(file, "utf8"), { manifestUri, eventHandler });
    results.push({
      file,
      duration: manifest.duration,
      endList: manifest.endList,
      representations: [
        ...manifest.playlists.map(representation("video", null)),
        ...group(manifest, "AUDIO", "audio"),
        ...group(manifest, "SUBTITLES", "text"),
      ],
      ...(warnings.length && { error: warnings.join("; ") }),
    });
  } catch (error) {
    results.push({ file, error: error.message });
  }
}
console.log(JSON.stringify(results, null, 2));
if (!results.length || results.some((result) => result.error)) process.exitCode = 1;
