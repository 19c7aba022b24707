// hls-parse.mjs FILE…: parse playlists in strict mode, print one JSON object per file in a list; exit 1 on any error.
import { readFile } from "node:fs/promises";
import HLS from "hls-parser";

HLS.setOptions({ strictMode: true });

const rendition = ({ type, uri, groupId, name, language, isDefault, autoselect, channels, characteristics }) => ({
  type, uri, groupId, name, language, isDefault, autoselect, channels, characteristics,
});

const variant = (found) => ({
  uri: found.uri,
  bandwidth: found.bandwidth,
  averageBandwidth: found.averageBandwidth,
  codecs: found.codecs,
  resolution: found.resolution,
  frameRate: found.frameRate,
  isIFrameOnly: found.isIFrameOnly,
  audio: found.audio.map(rendition),
  subtitles: found.subtitles.map(rendition),
});

const master = (playlist) => ({
  independentSegments: playlist.independentSegments,
  variants: playlist.variants.map(variant),
});

const media = (playlist) => ({
  playlistType: playlist.playlistType,
  endlist: playlist.endlist,
  isIFrame: playlist.isIFrame,
  targetDuration: playlist.targetDuration,
  duration: playlist.segments.reduce((sum, segment) => sum + segment.duration, 0),
  map: playlist.segments[0]?.map?.uri ?? null,
  segments: playlist.segments.map((segment) => segment.uri),
});

const results = [];
for (const file of process.argv.slice(2)) {
  try {
    const playlist = HLS.parse(await readFile(file, "utf8"));
    const facts = playlist.isMasterPlaylist ? master(playlist) : media(playlist);
    results.push({ file, master: playlist.isMasterPlaylist, version: playlist.version ?? null, ...facts });
  } catch (error) {
    results.push({ file, error: error.message });
  }
}
console.log(JSON.stringify(results, null, 2));
if (!results.length || results.some((result) => result.error)) process.exitCode = 1;
