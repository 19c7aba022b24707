(() => {
  "use strict";

  const subtitles = (video) =>
    [...video.textTracks].filter((track) => ["captions", "subtitles"].includes(track.kind));

  // "default" alone leaves the choice to the browser's settings; a commentary is to be readable with the sound off.
  const showOne = (video) => {
    const tracks = subtitles(video);
    if (tracks.length && !tracks.some((track) => track.mode === "showing")) tracks[0].mode = "showing";
  };

  const playFile = (video, at, wasPlaying) => {
    video.preload = "metadata";
    video.src = video.dataset.mp4;
    video.addEventListener("loadedmetadata", () => { if (at) video.currentTime = at; }, { once: true });
    if (wasPlaying) video.play().catch(() => {});
  };

  const playWithHlsJs = (video) => {
    // The page's own <track> elements are the captions. hls.js would show the playlist's a second time, and its
    // timeline controller empties foreign tracks, so none of the three is made. No worker: segments are already fMP4.
    const hls = new Hls({
      capLevelToPlayerSize: true,
      enableWorker: false,
      maxMaxBufferLength: 1,
      subtitleStreamController: undefined,
      subtitleTrackController: undefined,
      timelineController: undefined,
    });
    // Until it is played, one segment: enough for the duration and an instant start. Loading none at all would leave
    // Chromium's controls spinning, and dead to a click on the picture.
    const playing = () => { hls.config.maxMaxBufferLength = Hls.DefaultConfig.maxMaxBufferLength; };
    if (video.paused) video.addEventListener("play", playing, { once: true });
    else playing();
    let recovered = false;
    hls.on(Hls.Events.ERROR, (_, error) => {
      if (!error.fatal) return;
      if (error.type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
        recovered = true;
        hls.recoverMediaError();
        return;
      }
      const [at, wasPlaying] = [video.currentTime, !video.paused];
      hls.destroy();
      playFile(video, at, wasPlaying);
    });
    hls.loadSource(video.dataset.hls);
    hls.attachMedia(video);
  };

  const playNatively = (video) => {
    // Without Media Source Extensions (old iPhones) the playlist brings its own captions: ours would double them.
    const ours = [...video.querySelectorAll("track")];
    for (const track of ours) track.remove();
    video.textTracks.addEventListener("addtrack", () => showOne(video));
    video.addEventListener("error", () => {
      const [at, wasPlaying] = [video.currentTime, !video.paused];
      video.append(...ours);
      playFile(video, at, wasPlaying);
      showOne(video);
    }, { once: true });
    video.preload = "metadata";
    video.src = video.dataset.hls;
  };

  const seek = (video, seconds) => {
    const go = () => { video.currentTime = Math.min(seconds, video.duration || seconds); };
    if (video.readyState) go();
    else video.addEventListener("loadedmetadata", go, { once: true });
  };

  // ?t=SECONDS begins there; a chapter or a paragraph's moment leads there without leaving the page.
  const moments = (video) => {
    const asked = Number(new URLSearchParams(location.search).get("t"));
    if (asked > 0) {
      video.preload = "metadata";
      seek(video, asked);
    }
    const links = [...document.querySelectorAll("a[data-at]")];
    for (const link of links) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        seek(video, Number(link.dataset.at) / 1000);
        video.play().catch(() => {});
        video.scrollIntoView({ block: "nearest" });
      });
    }
    const chapters = links.filter((link) => link.closest(".chapters"));
    video.addEventListener("timeupdate", () => {
      const now = chapters.findLast((link) => Number(link.dataset.at) <= video.currentTime * 1000 + 50);
      for (const link of chapters) link.toggleAttribute("aria-current", link === now);
    });
  };

  // The deferred hls.js has run by then. Without it the MP4 of <source> plays.
  document.addEventListener("DOMContentLoaded", () => {
    const video = document.querySelector("video");
    if (window.Hls && Hls.isSupported()) playWithHlsJs(video);
    else if (!window.MediaSource && !window.ManagedMediaSource
      && video.canPlayType("application/vnd.apple.mpegurl")) playNatively(video);
    else video.preload = "metadata";
    showOne(video);
    moments(video);
  });
})();
