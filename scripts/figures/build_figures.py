"""Draw every figure of the demo articles, or those named.

npm pack world-atlas@2.0.2                          # countries-10m.json, countries-50m.json
# from naturalearthdata.com, as GeoJSON: ne_10m_lakes, ne_10m_lakes_europe,
# ne_10m_rivers_lake_centerlines, ne_10m_admin_0_disputed_areas
pip install fonttools brotli pillow numpy
python scripts/figures/build_figures.py --data natural-earth [slug ...]
"""

import argparse
import gzip
from pathlib import Path

import geography
from chart_drawer import draw_chart
from charts import CHARTS
from map_drawer import draw_map
from maps import MAPS

OUT = Path(__file__).parents[2] / "src/broadsheet/demo/content/figures"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with Natural Earth's files")
    parser.add_argument("slugs", nargs="*")
    wanted = parser.parse_args()
    geography.FOLDER = wanted.data
    OUT.mkdir(parents=True, exist_ok=True)
    for spec in (*MAPS, *CHARTS):
        if wanted.slugs and spec.slug not in wanted.slugs:
            continue
        text, missing = draw_map(spec) if spec in MAPS else (draw_chart(spec), [])
        (OUT / f"{spec.slug}.svg").write_text(text, "utf-8")
        size, packed = len(text.encode()), len(gzip.compress(text.encode(), 9))
        print(f"{spec.slug:40} {size:6} {packed:6} {'; '.join(missing)}", flush=True)


if __name__ == "__main__":
    main()
