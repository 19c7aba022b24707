// Runs in the page of stream.mjs, before anything else there: what the player does to its SourceBuffers, which frames
// are shown and which beeps are heard, and when. All times are seconds.
(() => {
  "use strict";

  const watch = { buffers: [], errors: [], frames: [], beeps: [], clocks: [] };
  window.watch = watch;

  const ranges = (found) => [...Array(found.length).keys()].map((i) => [found.start(i), found.end(i)]);

  // Players keep their SourceBuffers to themselves. "first" is what stood after the first append that gave media.
  const addSourceBuffer = MediaSource.prototype.addSourceBuffer;
  MediaSource.prototype.addSourceBuffer = function add(type) {
    const made = addSourceBuffer.call(this, type);
    const seen = { type, first: null, last: [] };
    made.addEventListener("updateend", () => {
      try {
        seen.last = ranges(made.buffered);
      } catch { /* The player has taken it out: what it last held stands. */ }
      if (seen.last.length) seen.first ??= seen.last;
    });
    watch.buffers.push(seen);
    return made;
  };

  // In the audio thread, so that a busy main thread moves nothing: the sample with which a sound follows a silence.
  const LISTENER = `registerProcessor("listener", class extends AudioWorkletProcessor {
    quiet = 0;
    process([[samples]]) {
      samples?.forEach((sample, i) => {
        if (Math.abs(sample) < 0.05) { this.quiet += 1; return; }
        if (this.quiet > sampleRate / 4) this.port.postMessage((currentFrame + i) / sampleRate);
        this.quiet = 0;
      });
      return true;
    }
  })`;

  const listen = async (video) => {
    const audio = new AudioContext({ sampleRate: 48000 });
    await audio.audioWorklet.addModule(URL.createObjectURL(new Blob([LISTENER], { type: "text/javascript" })));
    const listener = new AudioWorkletNode(audio, "listener");
    listener.port.onmessage = ({ data }) => watch.beeps.push(data);
    audio.createMediaElementSource(video).connect(listener).connect(audio.destination);
    return audio;
  };

  // A VideoFrame is picture and time in one; a canvas drawn in the callback may already show the next picture.
  const look = (video, audio) => {
    const canvas = new OffscreenCanvas(8, 8).getContext("2d", { willReadFrequently: true });
    const onFrame = () => {
      video.requestVideoFrameCallback(onFrame);
      const { contextTime, performanceTime } = audio.getOutputTimestamp();
      const [currentTime, now] = [video.currentTime, performance.now() / 1000];
      watch.clocks.push({ sample: contextTime, output: performanceTime / 1000, currentTime, now });
      const frame = new VideoFrame(video);
      canvas.drawImage(frame, 0, 0, 8, 8);
      const { data } = canvas.getImageData(0, 0, 8, 8);
      const light = data.reduce((sum, value) => sum + value, 0) / data.length;
      watch.frames.push({ time: frame.timestamp / 1e6, light, height: frame.displayHeight });
      frame.close();
    };
    video.requestVideoFrameCallback(onFrame);
  };

  // The whole of a short video, so that every cue is loaded long before it is due.
  const AHEAD_S = 600;

  const failed = (what) => watch.errors.push(what);

  // Each player goes to another rung with each segment of video or so, so that boundaries between rungs are played over.
  const players = {
    native: (video, url) => { video.src = url; },

    "hls.js": (video, url) => {
      let rung = 0;
      // To set a level would load the present segment once more; what the estimator says counts from the next.
      class InTurn extends Hls.DefaultConfig.abrController {
        get nextAutoLevel() { return rung % this.hls.levels.length; }
        set nextAutoLevel(_) { /* Not to be told. */ }
      }
      const hls = new Hls({ abrController: InTurn, enableWorker: false, maxBufferLength: AHEAD_S });
      // A busy machine stalls, and a segment may come a second time from its old rung after a change; whether there is
      // a gap is seen in what is buffered.
      const harmless = [Hls.ErrorDetails.BUFFER_STALLED_ERROR, Hls.ErrorDetails.BUFFER_APPEND_NO_PROGRESS];
      hls.on(Hls.Events.ERROR, (_, { type, details, fatal }) => {
        if (fatal || !harmless.includes(details)) failed(`${type} ${details}`);
      });
      hls.on(Hls.Events.SUBTITLE_TRACKS_UPDATED, () => { hls.subtitleTrack = hls.subtitleTracks.length - 1; });
      hls.on(Hls.Events.FRAG_BUFFERED, (_, { frag }) => { if (frag.type === "main") rung = frag.level + 1; });
      hls.loadSource(url);
      hls.attachMedia(video);
      return Hls.version;
    },

    shaka: async (video, url) => {
      const player = new shaka.Player();
      player.addEventListener("error", ({ detail }) => failed(`shaka ${detail.code} ${detail.data}`));
      player.configure({ abr: { enabled: false }, streaming: { bufferingGoal: AHEAD_S, bufferBehind: AHEAD_S } });
      player.addEventListener("segmentappended", ({ contentType }) => {
        const tracks = player.getVariantTracks();
        const next = (tracks.findIndex((track) => track.active) + 1) % tracks.length;
        if (contentType === "video") player.selectVariantTrack(tracks[next]);
      });
      // Before the first segment: Shaka learns from video appended after text is chosen where cues belong, and holds
      // them back until then (shaka-player pull request 9676), for ever where all of a short video came first.
      player.addEventListener("manifestparsed", () => {
        const [text] = player.getTextTracks();
        if (text) player.configure("preferredText", [{ language: text.language }]);
      });
      await player.attach(video);
      await player.load(url);
      return shaka.Player.version;
    },

    "dash.js": (video, url) => {
      const player = dashjs.MediaPlayer().create();
      const { ERROR, PLAYBACK_ERROR } = dashjs.MediaPlayer.events;
      player.on(ERROR, ({ error }) => failed(`dash.js ${error.code} ${error.message}`));
      player.on(PLAYBACK_ERROR, ({ error }) => failed(`dash.js ${error}`));
      player.on(dashjs.MediaPlayer.events.FRAGMENT_LOADING_COMPLETED, ({ request }) => {
        if (request.mediaType !== "video" || request.type !== "MediaSegment") return;
        const rungs = player.getRepresentationsByType("video");
        const now = rungs.findIndex(({ id }) => id === request.representation.id);
        player.setRepresentationForTypeByIndex("video", (now + 1) % rungs.length);
      });
      player.updateSettings({
        debug: { logLevel: 1 },
        streaming: {
          abr: { autoSwitchBitrate: { video: false } },
          buffer: {
            bufferTimeDefault: AHEAD_S,
            bufferTimeAtTopQuality: AHEAD_S,
            bufferTimeAtTopQualityLongForm: AHEAD_S,
            fastSwitchEnabled: false,
          },
        },
      });
      player.initialize(video, url, false);
      player.enableText(true);
      return player.getVersion();
    },
  };

  window.start = async (player, url) => {
    const video = document.querySelector("video");
    video.addEventListener("error", () => failed(`video ${video.error.code} ${video.error.message}`));
    const audio = await listen(video);
    look(video, audio);
    const version = await players[player](video, url);
    await audio.resume();
    await video.play();
    return version ?? null;
  };

  const shown = () => [...document.querySelector("video").textTracks]
    .filter((track) => track.mode !== "disabled")
    .flatMap((track) => [...(track.cues ?? [])]);
  window.cues = () => shown().map(({ startTime, endTime, text }) => [startTime, endTime, text]);

  window.seen = () => {
    const video = document.querySelector("video");
    const { droppedVideoFrames: dropped, totalVideoFrames: total } = video.getVideoPlaybackQuality();
    return {
      currentTime: video.currentTime,
      duration: video.duration,
      heights: watch.frames.map(({ height }) => height).filter((height, i, all) => height !== all[i - 1]),
      buffers: watch.buffers,
      errors: watch.errors,
      dropped,
      total,
      cues: window.cues(),
      cueIds: shown().map(({ id }) => id),
      frames: watch.frames,
      beeps: watch.beeps,
      clocks: watch.clocks,
    };
  };
})();
