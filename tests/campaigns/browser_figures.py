"""Every figure in a headless Chromium: `python -m tests.campaigns.browser_figures [name …]`, a part of `make browser`.

Each is opened at phone and desktop width, light and dark. Texts may neither leave the figure nor touch one another, and
have a least size on the screen; nothing may be fetched. The pictures are left in `build/figures/` to be looked at.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from tests.browser import Page, executable

ROOT = Path(__file__).parents[2]
OUTPUT = ROOT / "build" / "figures"
WIDTHS = (360, 900)
SCHEMES = ("light", "dark")
LEAST_WORDS, LEAST_INDEX = 10.5, 9.4

# What is wrong with the texts of the figure that the page shows.
FAULTS = f"""(() => {{
  const svg = document.querySelector('svg'), frame = svg.getBoundingClientRect(), said = [];
  const texts = [...svg.querySelectorAll('text')].map((text) => [text.textContent, text.getBBox()]);
  const {{ width, height, y: top }} = svg.viewBox.baseVal;
  for (const [words, box] of texts) {{
    if (box.x < 2 || box.x + box.width > width - 2 || box.y < top || box.y + box.height > top + height)
      said.push(`"${{words}}" leaves the figure: ${{[box.x, box.x + box.width, box.y].map(Math.round)}}`);
  }}
  for (let one = 0; one < texts.length; one += 1) for (let two = 0; two < one; two += 1) {{
    const [a, b] = [texts[one][1], texts[two][1]];
    // A line of text is taller than its letters: a quarter above and below is air.
    const across = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
    const down = Math.min(a.y + 0.8 * a.height, b.y + 0.8 * b.height) - Math.max(a.y + 0.2 * a.height, b.y + 0.2 * b.height);
    if (across > 0.5 && down > 0.5) said.push(`"${{texts[one][0]}}" touches "${{texts[two][0]}}"`);
  }}
  const scale = frame.width / width;
  for (const part of svg.querySelectorAll('text, tspan')) {{
    const size = parseFloat(getComputedStyle(part).fontSize) * scale, index = part.classList.contains('s');
    if (size < (index ? {LEAST_INDEX} : {LEAST_WORDS})) said.push(`"${{part.textContent}}" has ${{size.toFixed(1)}} px`);
  }}
  return said;
}})()"""


def look(page: Page, path: Path, width: int, scheme: str, output: Path) -> list[str]:
    """Open one figure, take its picture, and return what is wrong with it."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.send("Emulation.setEmulatedMedia", features=features)
    height = round(width * _height(path) / 520)
    page.send(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=False,
    )
    page.requests.clear()
    page.open(path.as_uri(), "document.querySelector('svg')")
    page.run(
        "(svg => { svg.setAttribute('width', '100%'); svg.removeAttribute('height'); })(document.querySelector('svg'))"
    )
    said = page.run(FAULTS)
    page.screenshot(output / f"{path.stem}-{width}-{scheme}.png")
    fetched = [address for address in page.requests if address != path.as_uri()]
    return [*said, *(f"fetches {address}" for address in fetched)]


def _height(path: Path) -> float:
    text = path.read_text(encoding="utf-8")
    return float(text.split('viewBox="', 1)[1].split('"', 1)[0].split()[3])


def main(arguments: Any = None) -> int:
    """Look at all figures, or at those named; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args(arguments)
    if executable() is None:
        print("There is no Chromium.", file=sys.stderr)
        return 1
    paths = sorted((ROOT / "solutions").glob("*/figures/*.svg"))
    paths = [path for path in paths if not options.names or path.stem in options.names]
    faults = 0
    page = Page(width=1000, height=900)
    try:
        for path in paths:
            for width in WIDTHS:
                for scheme in SCHEMES:
                    said = look(page, path, width, scheme, options.output)
                    faults += len(said)
                    for line in dict.fromkeys(said):
                        print(f"{path.stem}, {width} px, {scheme}: {line}")
    finally:
        page.close()
    print(f"{len(paths)} figures, {faults} faults; pictures in {options.output}")
    return 1 if faults or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
