#!/usr/bin/env python3
"""Draws a terminal screen as SVG: `tmux capture-pane -e -p | screen-svg.py > docs/screen.svg`.

Reads text with SGR escapes (16, 256 and true colours, bold, dim, reverse) and writes one `tspan` a run of equal style,
each cell at its own place, so that box lines meet whatever font the reader has.
"""

import html
import re
import sys

FONT, WIDE, HIGH, PAD = 14, 8.43, 18, 12
BACKGROUND, FOREGROUND = "#16181d", "#d7dae0"
BASIC = ["#3b4048", "#e06c75", "#98c379", "#e5c07b", "#61afef", "#c678dd", "#56b6c2", "#d7dae0",
         "#5c6370", "#ff7a85", "#b5e890", "#ffd68a", "#7cc4ff", "#e29cf2", "#79dfe8", "#ffffff"]


def colour256(number):
    if number < 16:
        return BASIC[number]
    if number >= 232:
        level = 8 + 10 * (number - 232)
        return f"#{level:02x}{level:02x}{level:02x}"
    number -= 16
    levels = [0, 95, 135, 175, 215, 255]
    return "#%02x%02x%02x" % (levels[number // 36], levels[number // 6 % 6], levels[number % 6])


def apply(style, codes):
    codes = [int(code or 0) for code in codes.split(";")] if codes else [0]
    while codes:
        code = codes.pop(0)
        if code == 0:
            style = {}
        elif code in (1, 2, 7):
            style = {**style, {1: "bold", 2: "dim", 7: "reverse"}[code]: True}
        elif code in (22, 27):
            style = {key: value for key, value in style.items() if key not in (("bold", "dim") if code == 22 else ("reverse",))}
        elif code in (38, 48):
            kind = codes.pop(0)
            value = colour256(codes.pop(0)) if kind == 5 else "#%02x%02x%02x" % (codes.pop(0), codes.pop(0), codes.pop(0))
            style = {**style, "fg" if code == 38 else "bg": value}
        elif code in (39, 49):
            style = {key: value for key, value in style.items() if key != ("fg" if code == 39 else "bg")}
        else:
            for base, key, bright in ((30, "fg", 0), (40, "bg", 0), (90, "fg", 8), (100, "bg", 8)):
                if base <= code < base + 8:
                    style = {**style, key: BASIC[code - base + bright]}
    return style


def cells(text):
    """Rows of (character, style)."""
    rows, style = [], {}
    for line in text.rstrip("\n").split("\n"):
        row = []
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            if part.startswith("\x1b["):
                style = apply(style, part[2:-1])
            else:
                row += [(character, style) for character in re.sub(r"\x1b.", "", part)]
        rows.append(row)
    return rows


def colours(style):
    front, back = style.get("fg", FOREGROUND), style.get("bg", BACKGROUND)
    return (back, front) if style.get("reverse") else (front, back)


def main():
    rows = cells(sys.stdin.read())
    columns = max(len(row) for row in rows)
    width, height = columns * WIDE + 2 * PAD, len(rows) * HIGH + 2 * PAD
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
           f'font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="{FONT}">',
           f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>']
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            end, style = x, row[x][1]
            while end < len(row) and row[end][1] == style:
                end += 1
            text = "".join(character for character, _ in row[x:end])
            front, back = colours(style)
            left, top = PAD + x * WIDE, PAD + y * HIGH
            if back != BACKGROUND:
                out.append(f'<rect x="{left:.1f}" y="{top}" width="{(end - x) * WIDE:.1f}" height="{HIGH}" fill="{back}"/>')
            if text.strip():
                weight = ' font-weight="bold"' if style.get("bold") else ""
                dim = ' opacity="0.6"' if style.get("dim") else ""
                out.append(f'<text xml:space="preserve" x="{left:.1f}" y="{top + HIGH - 5}" textLength="{(end - x) * WIDE:.1f}" '
                           f'fill="{front}"{weight}{dim}>{html.escape(text)}</text>')
            x = end
    out.append("</svg>")
    print("\n".join(out))


if __name__ == "__main__":
    main()
