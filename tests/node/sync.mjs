// How far sound and picture are apart, from what stream-page.js saw. Pure; all times are seconds.
const NEIGHBOURS = 15;
const WHITE = 230;
const LONGEST_FRAME = 0.06;

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

// What the element's currentTime was when a sample was heard: the clock that pictures are shown by. Not the moment at
// which one was really drawn, since a busy machine draws late. One look at the clocks is as coarse as the sound card's
// block; the median of those around it is not, nor is it moved by a stall a second before.
const mediaTime = (clocks, moment) => {
  const near = clocks.toSorted((a, b) => Math.abs(a.sample - moment) - Math.abs(b.sample - moment)).slice(0, NEIGHBOURS);
  return moment + median(near.map((at) => at.output - at.sample)) + median(near.map((at) => at.currentTime - at.now));
};

// A flash counts only where the dark frame before it was seen too: otherwise its first frame may have been dropped.
const flashes = (frames) => frames
  .filter((frame, i) => i && frame.light > WHITE && frames[i - 1].light < WHITE
    && frame.time - frames[i - 1].time < LONGEST_FRAME)
  .map(({ time }) => time);

// By how much each beep comes after its flash: [media time of the flash, lag]. WebAudio's own latency, some 40 ms, is
// in it: subtract what a file of known sync gives.
export const lags = ({ frames, beeps, clocks }) => {
  const heard = beeps.map((moment) => mediaTime(clocks, moment));
  return flashes(frames).flatMap((flash) => {
    const beep = heard.find((time) => Math.abs(time - flash) < 0.5);
    return beep === undefined ? [] : [[flash, Number((beep - flash).toFixed(4))]];
  });
};
