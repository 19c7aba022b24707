"""The MPD, compared whole."""

from dataclasses import replace
from fractions import Fraction

from votd.media.model import Encoding, MediaSegment, MediaTrack
from votd.media.video.dash import mpd
from votd.media.video.hls import SubtitleTrack
from votd.media.video.stills import STILLS

SEGMENTS = tuple(MediaSegment(f"{i:05}.m4s", 750_000, 150_000 * (i - 1), 150_000, 76, 9000) for i in (1, 2))
LAST = MediaSegment("00003.m4s", 100_000, 300_000, 25_000, 76, 9000)
VIDEO = MediaTrack(
    *("720p", "video", "avc1.64001F", 25_000, "init.mp4", (*SEGMENTS, LAST), 1280, 720, Fraction(30000, 1001))
)
SOUND = MediaTrack("audio", "audio", "mp4a.40.2", 25_000, "init.mp4", SEGMENTS, channels=2, language="mk")
CAPTIONS = SubtitleTrack("captions/mk.vtt", "mk", "Македонски & <мк>", True)


def test_mpd() -> None:
    """Describe two sounds and captions over the segments that HLS names, with measured figures."""
    second = replace(SOUND, name="audio-2", language="en")
    encoding = Encoding(13_000, (VIDEO,), (SOUND, second), (), "video.mp4", STILLS, (), None, 0)
    assert mpd(encoding, "../m/", [CAPTIONS]) == MPD


SOUNDS = "".join(
    """    <AdaptationSet contentType="audio" mimeType="audio/mp4" segmentAlignment="true" """
    f"""startWithSAP="1" lang="{lang}">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="{role}" />
      <Representation id="{name}" codecs="mp4a.40.2" bandwidth="1000000" audioSamplingRate="25000">
        <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2" />
        <SegmentTemplate timescale="25000" initialization="../m/{name}/init.mp4" """
    f"""media="../m/{name}/$Number%05d$.m4s" startNumber="1">
          <SegmentTimeline>
            <S t="0" d="150000" r="1" />
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
"""
    for lang, role, name in (("mk", "main", "audio"), ("en", "alternate", "audio-2"))
)
MPD = """<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" """
MPD += """mediaPresentationDuration="PT13.000S" minBufferTime="PT6S" maxSegmentDuration="PT6.000S">
  <Period id="0" start="PT0S">
    <AdaptationSet contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1" par="16:9" """
MPD += """maxWidth="1280" maxHeight="720" maxFrameRate="30000/1001">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main" />
      <Representation id="720p" codecs="avc1.64001F" bandwidth="1000000" width="1280" height="720" sar="1:1" """
MPD += """frameRate="30000/1001">
        <SegmentTemplate timescale="25000" initialization="../m/720p/init.mp4" """
MPD += f"""media="../m/720p/$Number%05d$.m4s" startNumber="1">
          <SegmentTimeline>
            <S t="0" d="150000" r="1" />
            <S d="25000" />
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
{SOUNDS}    <AdaptationSet contentType="text" mimeType="text/vtt" lang="mk">
      <Label>Македонски &amp; &lt;мк&gt;</Label>
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle" />
      <Representation id="captions/mk.vtt" bandwidth="256">
        <BaseURL>captions/mk.vtt</BaseURL>
      </Representation>
    </AdaptationSet>
  </Period>
</MPD>
"""
