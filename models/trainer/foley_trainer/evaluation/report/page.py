"""Renders report.html from the contents of report.json: charts and spectrograms inline, audio in the folder `examples`."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from .charts import Point, bars, legend, strips
from .distances import EMBEDDERS, distances
from .html import NOTHING, facts, heading, heat, number, paragraph, percent, player, section, table, tile
from .table2 import AVERAGE

STYLE = Path(__file__).with_name("report.css")
COMPARED = {
    "codes": "the codec's reconstruction; generated clips are decoded from their codes",
    "recoded": "the codec's reconstruction of the audio; vocoder noise hides copies from this test",
    "audio": "the audio itself; vocoder noise hides copies from this test",
}


def page(report: dict[str, Any], sheet: bytes) -> str:
    """`sheet`: PNG of spectrograms. Sections without measurements are omitted."""
    voice, examples = report["voice"], report["examples"]
    title = f"{voice['name']} ({voice['id']})" if voice else "External clips"
    parts = [f'<section class="tiles">{"".join(_tiles(report))}</section>', _listen(examples["classes"]), _sheet(sheet)]
    parts += [distances(name, found) for name, found in report["distances"].items()]
    parts += [_codec(report["codec"], voice["latent"]["codes"])] if "codec" in report else []
    parts += [_prior(report["prior"])] if "prior" in report else []
    parts += [_recognised(report)] if "named" in report or "tagged" in report else []
    parts += [_memorised(report["memorised"], examples["pairs"]), _about(report)]
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}: evaluation</title>'
    body = f"<header><h1>{escape(title)}</h1>{paragraph('Evaluation of ' + report['created'])}</header><main>{''.join(parts)}</main>"
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{STYLE.read_text(encoding="utf-8")}</style></head>\n<body>{body}</body></html>\n'


def _tiles(report: dict[str, Any]) -> list[str]:
    tiles = []
    for name, found in report["distances"].items():
        average = found["references"].get("eval", {}).get("average", {})
        if "fad" in average.get("generated", {}):
            tiles.append(tile(f"FAD by {EMBEDDERS.get(name, name)}", number(average["generated"]["fad"]), f"real training clips {number(average.get('training', {}).get('fad'))}"))
    if "named" in report:
        average = report["named"]["average"]
        tiles.append(tile("class accuracy", percent(average["generated"]), f"real: {percent(average['real_recorded'])} recorded, {percent(average['real_composed'])} composed"))
    if "codec" in report:
        last = [key for key in report["codec"] if key.startswith("l1_")][-1]
        tiles.append(tile("codec mel error", f"{number(report['codec'][last])} nats", f"with the vocoder {number(report['codec']['both'])}"))
    memorised = report["memorised"]
    return [*tiles, tile("memorised", percent(memorised["share"]), f"{memorised['count']} of {memorised['clips']} clips")]


def _listen(classes: dict[str, Any]) -> str:
    kinds = {"generated": "generated", "real": "real, held out from training", "copies": "held-out clips through codec and vocoder"}
    kinds = {kind: name for kind, name in kinds.items() if any(of[kind] for of in classes.values())}
    rows = [[label, *("".join(player(**e) for e in of[kind]) for kind in kinds)] for label, of in classes.items()]
    return section("Listen", paragraph("The first clips of every class, not a selection."), table(["class", *kinds.values()], rows, "players", raw=True))


def _sheet(sheet: bytes) -> str:
    image = f'<img alt="log-mel spectrograms, generated above real" src="data:image/png;base64,{base64.b64encode(sheet).decode()}">'
    return section("Spectrograms", paragraph("Log-mel spectrograms up to 8 kHz of the clips above, in the same order and on the same scale."), image)


def _codec(codec: dict[str, Any], codes: int) -> str:
    levels = [key for key in codec if key.startswith("l1_")]
    depths = [key.removeprefix("l1_") for key in levels]
    rows = [(f"{depth} codebook{'' if depth == '1' else 's'}", codec[key]) for key, depth in zip(levels, depths, strict=True)]
    rows += [("vocoder alone", codec["vocoder"]), ("codec and vocoder", codec["both"])]
    used = [[f"codebook {k}", number(codec[f"perplexity_{k}"]), number(codec.get("generated", {}).get(f"perplexity_{k}"))] for k in depths]
    head = ["class", *(name for name, _ in rows[: len(levels)]), "vocoder", "vocoder, all frequencies", "both"]
    classes = [[label, *(number(of[key]) for key in (*levels, "vocoder", "vocoder_full", "both"))] for label, of in codec["classes"].items()]
    return section(
        "Codec and vocoder",
        bars(rows, f"mean absolute log-mel error in nats, {codec['clips']} eval clips"),
        table(head, classes),
        paragraph(f"Perplexity: how many of its {codes} codes each codebook effectively uses."),
        table(["", "eval clips", "generated clips"], used),
    )


def _prior(prior: dict[str, Any]) -> str:
    levels = [(f"codebook {key.removeprefix('nll_')}", value) for key, value in prior.items() if key.startswith("nll_") and key != "nll_wrong_label"]
    rows = [["all", number(prior["nll"])], ["with a wrong class label", number(prior["nll_wrong_label"])]]
    rows += [[label, number(value)] for label, value in prior["classes"].items()]
    return section("Prior", bars(levels, f"nats per code, {prior['clips']} eval clips; lower is better"), table(["", "nats per code"], rows))


def _recognised(report: dict[str, Any]) -> str:
    parts, kinds = [], ("generated", "copies", "real_recorded", "real_composed")
    for name in ("named", "tagged"):
        if name not in report:
            continue
        found = report[name]
        rows = [[label, *(f"{percent(of[kind])} of {of[f'{kind}_clips']}" if of[f"{kind}_clips"] else NOTHING for kind in kinds)] for label, of in found["shares"].items()]
        rows.append([AVERAGE, *(percent(found["average"][kind]) for kind in kinds)])
        parts += [heading(f"Counted as recognised: {found['counts']}"), table(["class", "generated", "copies", "real, recorded", "real, composed"], rows)]
        if name == "named":
            counts = [(label, [named.get(c, 0) for c in found["classes"]]) for label, named in found["heard"].items()]
            parts += [paragraph("Confusion matrix of the generated clips:"), heat(["generated class", *found["classes"]], counts)]
    return section("Class recognition", *parts, paragraph("Results of a tagger that helped to select the corpus, or of an embedder trained on it, are optimistic.", "note"))


def _memorised(memorised: dict[str, Any], pairs: Sequence[dict[str, Any]]) -> str:
    classes = memorised["classes"]
    rows = []
    for label, of in classes.items():
        rows.append((label, [*(Point("generated", v) for v in of["likeness"]), *(Point("unseen", v) for v in of.get("unseen", []))], of["limit"]))
    sizes = [[label, number(of["limit"]), f"{len(of['memorised'])} of {len(of['likeness'])}", percent(of.get("known_again"))] for label, of in classes.items()]
    players = [[pair["label"], number(pair["likeness"]), player(**pair["generated"]), player(**pair["training"])] for pair in pairs]
    about = (
        f"Similarity of every generated clip to its nearest training clip of its class, independent of level and time shift. Compared: {COMPARED[memorised['heard']]}. "
        "The tick is the limit: the highest similarity of one of the class' training clips to any other of a different original. "
        "A clip beyond it, or beyond another class's limit, counts as memorised. "
        "Detection rate: the share of altered eval clips that the test recognises."
    )
    return section(
        "Memorisation",
        paragraph(about),
        strips(rows, "similarity to the nearest training clip of the class; 1 is an identical clip"),
        legend(("generated", "unseen")),
        table(["class", "limit", "beyond the limit", "detection rate"], sizes),
        heading("Clips closest to their limit, or furthest beyond it"),
        table(["class", "similarity", "generated", "training clip"], players, "players", raw=True),
    )


def _about(report: dict[str, Any]) -> str:
    corpus, generated, voice = report["corpus"], report["generated"], report["voice"]
    rows = []
    for label, of in corpus["classes"].items():
        sides = [f"{of[split]['clips']} of {of[split]['originals']} ({of[split]['composed']} composed)" for split in ("train", "eval")]
        rows.append([label, *sides, str(generated["clips"].get(label, 0))])
    settings = [("corpus", corpus["hash"]), *([("voice", voice["hash"]), ("preset", str(voice["preset"]))] if voice else [])]
    settings += [(key.replace("_", "-"), str(value)) for key, value in (generated["recipe"] or {}).items()]
    settings += [(f"weights of {EMBEDDERS.get(name, name)}", of["sha256"]) for name, of in report["distances"].items()]
    return section("Data and settings", table(["class", "training clips of originals", "eval clips of originals", "generated"], rows), facts(settings))
