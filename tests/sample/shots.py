"""The shots of the sample: each function draws one moment of one composition with a palette of its own."""

import math
import random

import skia
from draw import (
    AMBER,
    CORAL,
    HEIGHT,
    ICE,
    INDIGO,
    INK,
    MINT,
    NAVY,
    PLUM,
    SAND,
    STONE,
    TEAL,
    WIDTH,
    WINE,
    Canvas,
    Moment,
    Point,
    Shot,
    box,
    ease,
    faded,
    fill,
    gradient,
    halo,
    line,
    paint,
    rise,
    shape,
    text_width,
    write,
)
from europe import CITIES, dotted, place

TOPIC = "European troops in Ukraine?"
QUOTE = ("A door that", "nobody closes", "gives the other side", "something to think about.")
AREAS = (
    ("Cyber", "defence"),
    ("Shared", "production"),
    ("Threatened", "neighbours"),
    ("Border", "protection"),
    ("Clearing", "of mines"),
)
WHITE = 0xFFFFFFFF


def ident(canvas: Canvas, now: Moment) -> None:
    """Draw the rubric's ident: slanted bars sweep in and leave the rubric's name standing."""
    fill(canvas, 0xFF16235A, INK)
    canvas.drawPaint(halo((640, 360), 620, faded(CORAL, 0.35 * ease(now.t, 0.3, 1.2))))
    for number, colour in enumerate((INDIGO, CORAL, AMBER, 0xFF3A4FB0, CORAL, INDIGO)):
        travel = ease(now.t, 0.08 * number, 1.3)
        x = -700 + travel * (560 + 230 * number) + now.t * 14
        bar = [(x, HEIGHT), (x + 250, 0), (x + 250 + 46 + 18 * number, 0), (x + 46 + 18 * number, HEIGHT)]
        canvas.drawPath(shape(bar), paint(faded(colour, 0.20 + 0.55 * (1 - travel))))
    pulse = ease(now.t, 0.35, 0.6)
    canvas.drawCircle(640, 262, 58 * pulse, paint(CORAL))
    canvas.drawCircle(640, 262, 58 + 60 * ease(now.t, 0.7, 1.6), paint(faded(CORAL, 1 - ease(now.t, 0.7, 1.6)), 4))
    if pulse > 0.9:
        line(canvas, [(624, 234), (624, 290), (668, 262)], paint(WHITE), close=True)
    rise(canvas, "VIDEO", (640, 424), 96, ease(now.t, 0.6), spacing=26, align=0.5)
    rise(canvas, "OF THE DAY", (640, 488), 44, ease(now.t, 0.85), spacing=15, align=0.5, colour=AMBER)
    reach = 250 * ease(now.t, 1.1, 0.9)
    box(canvas, 640 - reach, 520, 2 * reach, 5, CORAL)


def outro(canvas: Canvas, now: Moment) -> None:
    """Draw the closing card: the ident once more, already in place."""
    ident(canvas, Moment(now.t * 0.6 + 1.4, now.length, 0))


def _speaker(canvas: Canvas, at: Point, size: float, now: Moment) -> None:
    """Draw the commentator, flat and without a face: hair, beard, glasses, jacket; the head follows the voice."""
    nod = 3 * math.sin(now.t * 1.7) + 5 * now.level
    canvas.save()
    canvas.translate(at[0], at[1] + 2 * math.sin(now.t * 1.1))
    canvas.scale(size, size)
    jacket = skia.Path()
    jacket.moveTo(-215, 330)
    jacket.cubicTo(-205, 190, -165, 150, -60, 118)
    jacket.lineTo(60, 118)
    jacket.cubicTo(165, 150, 205, 190, 215, 330)
    jacket.close()
    canvas.drawPath(jacket, paint(faded(AMBER, 0.35), 10, 9))
    canvas.drawPath(jacket, gradient((-180, 120), (200, 330), 0xFF34406E, 0xFF141B3D))
    line(canvas, [(-58, 116), (0, 330), (58, 116)], paint(ICE), close=True)
    line(canvas, [(-15, 150), (15, 150), (24, 330), (-24, 330)], paint(0xFFB3261E), close=True)
    line(canvas, [(-17, 140), (17, 140), (13, 166), (-13, 166)], paint(0xFF8E1B15), close=True)
    line(canvas, [(-62, 112), (-104, 178), (-72, 196), (-6, 330), (-150, 330), (-128, 150)], paint(0xFF1C2550), True)
    line(canvas, [(62, 112), (104, 178), (72, 196), (6, 330), (150, 330), (128, 150)], paint(0xFF18204A), True)
    box(canvas, -36, 70, 72, 62, 0xFFC98F6B, 22)
    canvas.translate(1.2 * math.sin(now.t * 0.9), nod)
    canvas.rotate(1.6 * math.sin(now.t * 0.8))
    _head(canvas, now)
    canvas.restore()


def _head(canvas: Canvas, now: Moment) -> None:
    hair, skin = 0xFF59606F, 0xFFE3AE88
    canvas.drawOval(skia.Rect.MakeLTRB(-84, -34, -60, 22), paint(0xFFD29C76))
    canvas.drawOval(skia.Rect.MakeLTRB(60, -34, 84, 22), paint(0xFFD29C76))
    box(canvas, -74, -104, 148, 208, hair, 70)
    box(canvas, -66, -62, 132, 118, gradient((-60, -60), (70, 60), 0xFFEDBB96, skin), 40)
    beard = skia.Path()
    beard.moveTo(-74, 4)
    beard.cubicTo(-60, 40, -40, 30, 0, 28)
    beard.cubicTo(40, 30, 60, 40, 74, 4)
    beard.cubicTo(78, 90, 40, 112, 0, 112)
    beard.cubicTo(-40, 112, -78, 90, -74, 4)
    canvas.drawPath(beard, paint(0xFF6B7280))
    box(canvas, -8, -12, 16, 34, 0xFFD79E78, 8)
    canvas.drawOval(skia.Rect.MakeLTRB(-18, 52 - 3 * now.level, 18, 56 + 12 * now.level), paint(0xFF3A1C22))
    for side in (-1, 1):
        box(canvas, side * 34 - 25, -34, 50, 36, faded(WHITE, 0.55), 14)
        canvas.drawCircle(side * 33 + 1.5 * math.sin(now.t * 0.9), -16, 5.5, paint(INK))
        canvas.drawRoundRect(skia.Rect.MakeXYWH(side * 34 - 25, -34, 50, 36), 14, 14, paint(INK, 5))
        line(canvas, [(side * 14, -48), (side * 54, -46)], paint(hair, 7))
    line(canvas, [(-9, -20), (9, -20)], paint(INK, 5))


def _wall(canvas: Canvas, now: Moment, top: int, bottom: int, light: int) -> None:
    """Draw the studio's wall: slow beams of light behind vertical panels."""
    fill(canvas, top, bottom)
    for number in range(7):
        x = 90 + number * 190 + 26 * math.sin(now.t * 0.35 + number * 1.3)
        canvas.drawPath(
            shape([(x, 0), (x + 70, 0), (x - 40, HEIGHT), (x - 150, HEIGHT)]),
            gradient((x, 0), (x - 60, HEIGHT), faded(light, 0.30), faded(light, 0.02)),
        )
    for x in range(0, WIDTH, 160):
        box(canvas, x, 0, 2, HEIGHT, faded(INK, 0.35))


def studio(screen: Shot) -> Shot:
    """Return the wide shot of the studio, with another shot running on its video wall."""

    def draw(canvas: Canvas, now: Moment) -> None:
        _wall(canvas, now, 0xFF2A3C8F, INK, 0xFF7B93FF)
        canvas.save()
        box(canvas, 534, 100, 694, 400, paint(faded(0xFF7B93FF, 0.55), 0, 26), 18)
        box(canvas, 540, 106, 682, 388, INK, 16)
        canvas.clipRRect(skia.RRect.MakeRectXY(skia.Rect.MakeXYWH(548, 114, 666, 372), 10, 10), True)
        canvas.translate(548, 113)
        canvas.scale(666 / WIDTH, 374.6 / HEIGHT)
        screen(canvas, now)
        canvas.restore()
        _speaker(canvas, (300, 262), 1.24, now)
        canvas.drawPath(shape([(0, 636), (WIDTH, 586), (WIDTH, HEIGHT), (0, HEIGHT)]), paint(0xFF0B1230))
        canvas.drawPath(shape([(0, 632), (WIDTH, 582), (WIDTH, 588), (0, 640)]), paint(CORAL))
        canvas.drawPaint(halo((900, 640), 420, faded(INDIGO, 0.5)))
        third(canvas, now)

    return draw


def close_up(canvas: Canvas, now: Moment) -> None:
    """Draw the commentator close, the city at dusk out of focus behind him."""
    fill(canvas, 0xFF0D4F63, 0xFF2B1338)
    lights = random.Random(7)
    for _ in range(46):
        x, y, size = lights.uniform(0, WIDTH), lights.uniform(120, 560), lights.uniform(8, 30)
        colour = lights.choice((AMBER, CORAL, MINT, ICE))
        drift = (x + now.t * size * 0.35) % WIDTH
        canvas.drawCircle(drift, y, size, paint(faded(colour, 0.10 + 0.14 * lights.random())))
    canvas.drawPaint(halo((930, 260), 520, faded(AMBER, 0.34)))
    _speaker(canvas, (820, 262), 1.75 + 0.006 * now.t, now)
    third(canvas, now)


def third(canvas: Canvas, now: Moment) -> None:
    """Draw the lower third: the name on a slab, the role beneath it, sliding in after the cut."""
    slab, role = ease(now.t, 0.25, 0.6), ease(now.t, 0.5, 0.6)
    canvas.save()
    canvas.clipRect(skia.Rect.MakeXYWH(64, 520, 560, 130))
    box(canvas, 64 - 420 * (1 - slab), 524, 376, 66, CORAL)
    write(canvas, "ANDONOVIC", (88 - 420 * (1 - slab), 573), 45, WHITE, spacing=3)
    box(canvas, 64 - 520 * (1 - role), 590, 448, 42, faded(INK, 0.88))
    write(canvas, "Commentator, Sloboden Pechat", (88 - 520 * (1 - role), 618), 22, ICE, "plain", 0.6)
    canvas.restore()


def strap(canvas: Canvas, now: Moment) -> None:
    """Draw the slim strap of the shots without a speaker: the name and the subject."""
    amount = ease(now.t, 0.3, 0.6)
    width = text_width("ANDONOVIC", 22, spacing=2) + 34
    canvas.save()
    canvas.clipRect(skia.Rect.MakeXYWH(64, 588, 760 * amount, 44))
    box(canvas, 64, 588, width, 44, CORAL)
    write(canvas, "ANDONOVIC", (82, 618), 22, WHITE, spacing=2)
    box(canvas, 64 + width, 588, text_width(TOPIC, 22, "plain") + 40, 44, faded(INK, 0.88))
    write(canvas, TOPIC, (84 + width, 618), 22, ICE, "plain")
    canvas.restore()


def _arc(start: Point, end: Point, height: float) -> skia.Path:
    path = skia.Path()
    path.moveTo(*start)
    path.quadTo((start[0] + end[0]) / 2, (start[1] + end[1]) / 2 - height, *end)
    return path


def _part(path: skia.Path, amount: float) -> tuple[skia.Path, Point]:
    """Return the first part of a path (0 to 1) and the point where it ends."""
    measure, piece = skia.PathMeasure(path, False), skia.Path()
    measure.getSegment(0, measure.getLength() * amount, piece, True)
    end = piece.getPoint(piece.countPoints() - 1) if piece.countPoints() else path.getPoint(0)
    return piece, (end.x(), end.y())


def _pin(canvas: Canvas, city: str, now: Moment, colour: int, below: bool = False) -> None:
    x, y = place(CITIES[city])
    beat = (now.t * 0.6) % 1
    canvas.drawCircle(x, y, 8 + 30 * beat, paint(faded(colour, 1 - beat), 3))
    canvas.drawCircle(x, y, 8, paint(colour))
    left, base = x + 14, y + 40 if below else y - 16
    box(canvas, left - 9, base - 25, text_width(city, 24) + 18, 34, faded(INK, 0.62), 8)
    write(canvas, city, (left, base), 24, ICE)


def paris(canvas: Canvas, now: Moment) -> None:
    """Draw the map over the whole frame."""
    ways(canvas, now)
    strap(canvas, now)


def ways(canvas: Canvas, now: Moment) -> None:
    """Draw the map: the leaders' ways lead to Paris, then a dashed one with a question mark goes on to Kyiv."""
    fill(canvas, 0xFF0B5A5A, 0xFF04222B)
    canvas.save()
    canvas.translate(640, 330)
    canvas.scale(1.16, 1.16)
    canvas.translate(-700, -330)
    dotted(canvas, faded(MINT, 0.42), AMBER)
    target = place(CITIES["Paris"])
    for number, city in enumerate(("Madrid", "Rome", "Athens", "Prague", "Warsaw", "Stockholm", "Berlin", "London")):
        piece, _ = _part(_arc(place(CITIES[city]), target, 70), ease(now.t, 0.2 + 0.12 * number, 1.0))
        canvas.drawPath(piece, paint(faded(ICE, 0.75), 3))
        canvas.drawCircle(*place(CITIES[city]), 5, paint(ICE))
    _question(canvas, now, target)
    _pin(canvas, "Paris", now, CORAL, below=True)
    _pin(canvas, "Kyiv", now, CORAL, below=True)
    canvas.restore()


def _question(canvas: Canvas, now: Moment, start: Point) -> None:
    piece, tip = _part(_arc(start, place(CITIES["Kyiv"]), 190), 0.93 * ease(now.t, 1.8, 1.8))
    dashed = paint(AMBER, 7)
    dashed.setPathEffect(skia.DashPathEffect.Make([18, 14], -now.t * 30))
    if now.t > 1.8:
        canvas.drawPath(piece, dashed)
        canvas.drawCircle(*tip, 25, paint(AMBER))
        write(canvas, "?", (tip[0], tip[1] + 13), 36, INK, align=0.5)


def table(canvas: Canvas, now: Moment) -> None:
    """Draw the round table from above, its twenty seats filled one after another; not all of one colour."""
    fill(canvas, SAND, 0xFFE3D2B8)
    turn = now.t * 0.05
    canvas.drawCircle(430, 366, 196, paint(faded(INK, 0.22), 0, 22))
    canvas.drawCircle(430, 360, 190, gradient((240, 170), (620, 550), 0xFF9C6B43, 0xFF6E4526))
    canvas.drawCircle(430, 360, 128, paint(0xFFF8F2E7))
    for seat in range(20):
        angle = math.tau * seat / 20 + turn
        shown = ease(now.t, 0.15 + 0.09 * seat, 0.4)
        colour = CORAL if seat % 7 == 3 else INDIGO if seat % 3 else 0xFF5C6AA8
        canvas.drawCircle(430 + 250 * math.cos(angle), 360 + 250 * math.sin(angle), 27 * shown, paint(colour))
    count = round(20 * ease(now.t, 0.1, 2.0))
    write(canvas, str(count), (980, 400), 250, NAVY, align=0.5)
    rise(canvas, "leaders,", (980, 476), 54, ease(now.t, 0.6), colour=CORAL, align=0.5)
    rise(canvas, "no consensus", (980, 536), 54, ease(now.t, 1.8), colour=CORAL, align=0.5)


def door(canvas: Canvas, now: Moment) -> None:
    """Draw the quote card: a door that stands ajar throws its light over the words."""
    fill(canvas, 0xFF15110F, 0xFF040303)
    gap = 60 + 70 * ease(now.t, 0.2, 6)
    canvas.drawPath(
        shape([(930 - gap, 570), (930, 570), (930 - gap * 1.2, HEIGHT), (930 - gap * 6.5, HEIGHT)]),
        gradient((900, 570), (640, 760), faded(AMBER, 0.55), faded(AMBER, 0.0)),
    )
    canvas.drawPaint(halo((930 - gap / 2, 350), 560, faded(AMBER, 0.36)))
    box(canvas, 930 - gap, 118, gap, 452, gradient((880, 110), (930, 580), 0xFFFFF3D0, AMBER))
    wood = gradient((930, 0), (1130, 0), 0xFF5A3A22, 0xFF20130B)
    canvas.drawPath(shape([(930, 118), (1130, 84), (1130, 616), (930, 570)]), wood)
    for top, height in ((150, 150), (350, 170)):
        panel = [(962, top), (1098, top - 18), (1098, top + height + 12), (962, top + height)]
        line(canvas, panel, paint(0xFF1A0F08, 4), close=True)
    canvas.drawCircle(954, 356, 9, paint(AMBER))
    for number, words in enumerate(QUOTE):
        amount = ease(now.t, 0.4 + 0.45 * number, 0.9)
        rise(canvas, words, (84, 222 + 74 * number), 60, amount, face="serif", colour=SAND)
    box(canvas, 84, 128, 90 * ease(now.t, 0.2), 7, AMBER)
    strap(canvas, now)


def _icon(canvas: Canvas, number: int, x: float, y: float) -> None:
    """Draw the sign of an area: a shield, a cog, a house, a border post, a mine."""
    brush = paint(NAVY, 6)
    if number == 0:
        shield = [(0, -36), (30, -24), (26, 12), (0, 36), (-26, 12), (-30, -24)]
        line(canvas, [(x + right, y + down) for right, down in shield], brush, close=True)
        line(canvas, [(x - 12, y), (x - 3, y + 10), (x + 14, y - 12)], brush)
    elif number == 1:
        canvas.drawCircle(x, y, 22, brush)
        canvas.drawCircle(x, y, 6, brush)
        for tooth in range(8):
            c, s = math.cos(tooth * math.tau / 8), math.sin(tooth * math.tau / 8)
            line(canvas, [(x + 26 * c, y + 26 * s), (x + 35 * c, y + 35 * s)], brush)
    elif number == 2:
        line(canvas, [(x - 34, y - 2), (x, y - 34), (x + 34, y - 2)], brush)
        line(canvas, [(x - 24, y - 4), (x - 24, y + 32), (x + 24, y + 32), (x + 24, y - 4)], brush)
    elif number == 3:
        line(canvas, [(x - 26, y + 34), (x - 26, y - 34)], brush)
        line(canvas, [(x - 26, y - 32), (x + 32, y - 20), (x - 26, y - 4)], brush)
        line(canvas, [(x - 40, y + 34), (x + 34, y + 34)], brush)
    else:
        canvas.drawArc(skia.Rect.MakeXYWH(x - 30, y - 16, 60, 60), 180, 180, False, brush)
        line(canvas, [(x - 40, y + 16), (x + 40, y + 16)], brush)
        line(canvas, [(x, y - 18), (x, y - 34)], brush)


def areas(canvas: Canvas, now: Moment) -> None:
    """Draw the five areas as cards that come up one by one on a light ground."""
    fill(canvas, 0xFFFFF8EC, 0xFFF0DEC0)
    for number in range(9):
        x = (number * 190 + now.t * 12) % 1700 - 220
        canvas.drawPath(shape([(x, HEIGHT), (x + 220, 0), (x + 290, 0), (x + 70, HEIGHT)]), paint(faded(AMBER, 0.09)))
    write(canvas, "5", (70, 252), 170, CORAL)
    rise(canvas, "areas in which", (190, 186), 50, ease(now.t, 0.2), colour=NAVY)
    rise(canvas, "Europe wants to do more", (190, 246), 50, ease(now.t, 0.35), colour=NAVY)
    for number, words in enumerate(AREAS):
        amount = ease(now.t, 1.0 + 0.9 * number, 0.7)
        x, y = 64 + number * 233, 300 + 90 * (1 - amount)
        box(canvas, x + 4, y + 8, 218, 244, paint(faded(INK, 0.14 * amount), 0, 12), 16)
        box(canvas, x, y, 218, 244, faded(WHITE, amount), 16)
        box(canvas, x, y + 236, 218, 8, faded(CORAL, amount), 3)
        if amount > 0.35:
            _icon(canvas, number, x + 109, y + 76)
            write(canvas, words[0], (x + 109, y + 170), 29, NAVY, align=0.5)
            write(canvas, words[1], (x + 109, y + 206), 29, NAVY, align=0.5)
    strap(canvas, now)


def reach(canvas: Canvas, now: Moment) -> None:
    """Draw the night map: rings of medium and long range open around Kyiv while a beam goes round."""
    fill(canvas, 0xFF3A1C78, 0xFF0B0620)
    x, y = place(CITIES["Kyiv"])
    canvas.save()
    canvas.translate(915, 352)
    canvas.scale(1.55, 1.55)
    canvas.translate(-x, -y)
    dotted(canvas, faded(0xFFB9A2FF, 0.34), MINT)
    sweep = skia.Paint(AntiAlias=True, Dither=True)
    beam = [faded(MINT, 0.0), faded(MINT, 0.0), faded(MINT, 0.5)]
    sweep.setShader(skia.GradientShader.MakeSweep(x, y, beam, [0, 0.78, 1]))
    canvas.save()
    canvas.rotate(now.t * 70, x, y)
    canvas.drawCircle(x, y, 205, sweep)
    canvas.restore()
    for radius, start in ((105, 0.5), (205, 1.4)):
        canvas.drawCircle(x, y, radius * ease(now.t, start, 1.2), paint(MINT, 3))
    _pin(canvas, "Kyiv", now, CORAL)
    canvas.restore()
    rise(canvas, "A new coalition", (84, 190), 64, ease(now.t, 0.3))
    rise(canvas, "for missiles of", (84, 252), 40, ease(now.t, 0.8), face="plain", colour=0xFFCBBBFF)
    rise(canvas, "medium range", (84, 330), 52, ease(now.t, 1.4), colour=MINT)
    rise(canvas, "long range", (84, 396), 52, ease(now.t, 2.2), colour=MINT)
    strap(canvas, now)


def billions(canvas: Canvas, now: Moment) -> None:
    """Draw the figures card: sixty billion dollars, past the Senate, waiting before the House."""
    fill(canvas, 0xFF8E1538, WINE)
    canvas.drawPaint(halo((330, 300), 640, faded(CORAL, 0.55)))
    for number in range(16):
        x = (number * 97 + now.t * (9 + number % 4 * 5)) % 1400 - 60
        box(canvas, x, 640 - 28 * (number * 5 % 9), 46, 500, faded(WHITE, 0.045))
    count = round(60 * ease(now.t, 0.3, 2.4))
    write(canvas, str(count), (70, 356), 290, WHITE)
    rise(canvas, "billion dollars", (84, 446), 72, ease(now.t, 0.9), colour=AMBER)
    rise(canvas, "waiting in Washington", (84, 504), 36, ease(now.t, 1.4), face="plain", colour=SAND)
    done = ease(now.t, 2.0, 1.6)
    line(canvas, [(960, 214), (960, 214 + 216 * min(done, 0.8))], paint(AMBER, 8))
    for y, name, verdict, full in ((204, "Senate", "passed", True), (450, "House", "no vote yet", False)):
        canvas.drawCircle(960, y, 32, paint(AMBER if full else WINE))
        canvas.drawCircle(960, y, 32, paint(AMBER, 6))
        write(canvas, name, (1014, y + 2), 44, WHITE)
        write(canvas, verdict, (1014, y + 38), 27, SAND, "plain")
    line(canvas, [(946, 204), (956, 216), (976, 192)], paint(WINE, 7))
    for dot in range(3):
        glow = 0.35 + 0.65 * max(0.0, math.sin(now.t * 4 - dot * 0.9))
        canvas.drawCircle(946 + 14 * dot, 450, 4.5, paint(faded(AMBER, glow)))
    strap(canvas, now)


def late(canvas: Canvas, now: Moment) -> None:
    """Draw what was promised beside what has come: two rows of crates, the second half empty, and a clock."""
    fill(canvas, 0xFFDDE5EE, 0xFF9FB0C4)
    canvas.drawPaint(halo((1040, 200), 500, faded(WHITE, 0.8)))
    for row, (name, full, colour) in enumerate((("Promised", 10, 0xFF47607E), ("On time", 5, CORAL))):
        y = 206 + row * 200
        write(canvas, name, (84, y - 18), 38, NAVY)
        for crate in range(10):
            amount = ease(now.t, 0.3 + row * 1.4 + crate * 0.12, 0.4)
            x = 84 + crate * 76
            canvas.drawRoundRect(skia.Rect.MakeXYWH(x, y, 64, 84), 6, 6, paint(faded(0xFF47607E, 0.5), 2.5))
            if crate < full and amount > 0:
                box(canvas, x, y + 84 * (1 - amount), 64, 84 * amount, colour, 6)
                box(canvas, x + 12, y + 40, 40 * amount, 5, faded(WHITE, 0.6 * amount), 2)
    canvas.drawCircle(1050, 340, 150, paint(WHITE))
    canvas.drawCircle(1050, 340, 150, paint(NAVY, 12))
    for hour in range(12):
        c, s = math.cos(hour * math.tau / 12), math.sin(hour * math.tau / 12)
        line(canvas, [(1050 + 122 * c, 340 + 122 * s), (1050 + 134 * c, 340 + 134 * s)], paint(STONE, 5))
    for length, speed, width, colour in ((76, 0.12, 10, NAVY), (112, 1.4, 6, CORAL)):
        angle = now.t * speed - 1.2
        tip = (1050 + length * math.cos(angle), 340 + length * math.sin(angle))
        line(canvas, [(1050, 340), tip], paint(colour, width))
    strap(canvas, now)


def skyline(canvas: Canvas, now: Moment) -> None:
    """Draw the picture for the video wall of the greeting: Skopje's evening, the fortress hill, the stone bridge."""
    canvas.drawPaint(gradient((0, 0), (0, HEIGHT), 0xFF2D1B69, CORAL, AMBER))
    canvas.drawCircle(880, 400 - 4 * now.t, 92, paint(0xFFFFE2A8))
    hills = [(0, 470), (260, 330), (520, 380), (820, 290), (1280, 430), (1280, 720), (0, 720)]
    canvas.drawPath(shape(hills), paint(0xFF6B2A5B))
    blocks = random.Random(3)
    for number in range(24):
        height = blocks.uniform(60, 210)
        box(canvas, number * 56, 560 - height, 50, height, 0xFF38163F)
    box(canvas, 0, 545, WIDTH, 175, TEAL)
    for arch in range(7):
        x = 40 + arch * 176
        box(canvas, x, 500, 176, 78, PLUM)
        canvas.drawArc(skia.Rect.MakeXYWH(x + 22, 528, 132, 110), 180, 180, True, paint(TEAL))
    for ripple in range(12):
        box(canvas, (ripple * 131 + now.t * 40) % 1400 - 100, 610 + ripple * 8 % 90, 90, 4, faded(AMBER, 0.6), 2)
    write(canvas, "SKOPJE", (60, 130), 92, WHITE, spacing=14)


def furniture(canvas: Canvas, dark: bool) -> None:
    """Draw what is always on: the rubric's mark at the top left and the label at the top right."""
    colour = ICE if dark else NAVY
    box(canvas, 64, 40, 30, 30, CORAL, 15)
    line(canvas, [(74, 47), (74, 63), (87, 55)], paint(WHITE), close=True)
    write(canvas, "VIDEO OF THE DAY", (106, 62), 20, colour, spacing=2.4)


def label(canvas: Canvas) -> None:
    """Say on every frame what this is: a sample with a synthetic voice."""
    width = text_width("sample, synthetic voice", 17, "plain") + 24
    box(canvas, WIDTH - 40 - width, 40, width, 30, faded(INK, 0.62), 15)
    write(canvas, "sample, synthetic voice", (WIDTH - 28 - width, 61), 17, ICE, "plain")
