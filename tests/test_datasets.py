"""The data sets: the files are the published ones, the loaders tell the truth about them."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import importlib.util
import inspect
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import typing
from pathlib import Path

import numpy as np
import pytest

DATASETS = Path(__file__).resolve().parents[1] / "datasets"
sys.path.insert(0, str(DATASETS))  # also where the package is not installed

import seqdata  # noqa: E402
from seqdata import splits, store  # noqa: E402

FILES = DATASETS / "seqdata" / "files"
MEBIBYTE = 2**20

# Loader, type, file, licence file, examples in training, validation and test (0: no such part).
LOADERS = [
    ("japanese_vowels", "JapaneseVowels", "japanese_vowels.npz", "japanese_vowels", (270, 0, 370)),
    ("uci_sentiment", "Sentiment", "uci_sentiment.tsv", "uci_sentiment", (2375, 297, 297)),
    ("xkcd_colors", "ColorNames", "xkcd_colors.tsv", "xkcd_colors", (737, 92, 92)),
    ("candide", "Novel", "candide_fr.txt", "music21", (149_371, 18_526, 18_603)),
    ("lady_susan", "Novel", "lady_susan_en.txt", "music21", (102_913, 11_373, 12_691)),
    ("elnino_sst", "SeaSurfaceTemperature", "elnino_sst.csv", "statsmodels", (372, 120, 240)),
    ("co2_weekly", "CarbonDioxide", "co2_weekly.csv", "statsmodels", (1762, 261, 261)),
    ("sunspots_yearly", "Sunspots", "sunspots_yearly.csv", "statsmodels", (221, 35, 53)),
    ("wordnet_pos", "PartsOfSpeech", "wordnet_pos.tsv", "wordnet", (12_964, 1621, 1622)),
    ("usaddress", "Addresses", "usaddress.conll", "usaddress", (1213, 148, 148)),
    ("cldr_emoji", "Translations", "cldr_emoji_en_fr.tsv", "cldr", (3472, 434, 434)),
    ("cmudict_g2p", "PronouncingDictionary", "cmudict_g2p.tsv", "cmudict", (36_000, 2000, 2000)),
    ("udhr_lang", "Languages", "udhr_lang.tsv", "udhr", (856, 140, 180)),
]
NAMES = [row[0] for row in LOADERS]
SERIES = ["elnino_sst", "co2_weekly", "sunspots_yearly"]
EXAMPLES = [n for n in NAMES if n not in (*SERIES, "candide", "lady_susan")]


def load(name):
    return getattr(seqdata, name)()


def parts(data):
    return {p: getattr(data, p) for p in ("train", "validation", "test") if hasattr(data, p)}


def arrays_in(value):
    if isinstance(value, np.ndarray):
        yield value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from arrays_in(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from arrays_in(item)


@pytest.fixture(scope="module")
def rebuild():
    spec = importlib.util.spec_from_file_location("datasets_rebuild", DATASETS / "rebuild.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


# ---------------------------------------------------------------------------------- the files


def test_every_file_has_its_published_checksum():
    lines = (DATASETS / "SHA256SUMS").read_text().splitlines()
    published = {name: digest for digest, name in (line.split("  ") for line in lines)}
    present = {
        p.relative_to(DATASETS).as_posix()
        for folder in (FILES, DATASETS / "licences")
        for p in folder.iterdir()
        if p.name != "SHA256SUMS"
    }
    assert set(published) == present
    for name, digest in published.items():
        assert hashlib.sha256((DATASETS / name).read_bytes()).hexdigest() == digest, name


def test_the_package_carries_the_same_checksums():
    lines = (DATASETS / "SHA256SUMS").read_text().splitlines()
    of_data = [x.replace("seqdata/files/", "") for x in lines if "  seqdata/files/" in x]
    assert (FILES / "SHA256SUMS").read_text().splitlines() == of_data
    assert set(store.checksums()) == {row[2] for row in LOADERS}


def test_the_readme_has_every_loader_file_size_and_checksum():
    readme = (DATASETS / "README.md").read_text()
    for name, _, file, licence, _ in LOADERS:
        path = FILES / file
        size, digest = path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
        assert f"| `{file}` | {size:,} | `{digest}` |" in readme
        row = next(line for line in readme.splitlines() if line.startswith(f"| `{name}` |"))
        assert f"(licences/{licence}.txt)" in row


@pytest.mark.parametrize(("name", "counts"), [(r[0], r[4]) for r in LOADERS])
def test_the_readme_has_the_sizes_of_the_parts(name, counts):
    readme = (DATASETS / "README.md").read_text()
    row = next(line for line in readme.splitlines() if line.startswith(f"| `{name}` |"))
    assert " / ".join(f"{c:,}" if c else "–" for c in counts) in row


def test_everything_together_is_small():
    size = sum(p.stat().st_size for p in FILES.iterdir())
    assert 3 * MEBIBYTE < size < 8 * MEBIBYTE


@pytest.mark.parametrize(
    ("licence", "words"),
    [
        ("cldr", ["UNICODE LICENSE V3", "SPDX-License-Identifier: Unicode-3.0"]),
        ("cmudict", ["Copyright (C) 1993-2015 Carnegie Mellon University"]),
        ("japanese_vowels", ["CC BY 4.0", "Kudo", "10.24432/C5NS47", "donation policy"]),
        ("music21", ["public domain", "Michael Scott Asato Cuthbert"]),
        ("statsmodels", ["This data is in the public domain.", "statsmodels Developers"]),
        ("uci_sentiment", ["CC BY 4.0", "Kotzias", "donation policy", "Andrew Sliwinski"]),
        ("udhr", ["copyright-free document", "Titus Wormer"]),
        ("usaddress", ["The MIT License", "Atlanta Journal Constitution"]),
        ("wordnet", ["WordNet 3.1 Copyright 2011 by Princeton University"]),
        ("xkcd_colors", ["publicdomain/zero/1.0", "Randall Munroe"]),
    ],
)
def test_the_notice_of_each_source_is_there(licence, words):
    text = (DATASETS / "licences" / f"{licence}.txt").read_text()
    for word in words:
        assert word in text
    for _, _, file, of, _ in LOADERS:
        assert (file in text) == (of == licence), "which files a notice is for"


def test_line_ends_are_plain_and_the_text_is_utf_8():
    for path in FILES.iterdir():
        if path.suffix != ".npz":
            text = path.read_bytes().decode("utf-8")
            assert "\r" not in text and text.endswith("\n"), path.name


# -------------------------------------------------------------------------------- the loaders


@pytest.mark.parametrize(
    ("name", "kind", "counts"), [(r[0], r[1], r[4]) for r in LOADERS], ids=NAMES
)
def test_type_and_size_of_the_parts(name, kind, counts):
    data = load(name)
    assert type(data) is getattr(seqdata, kind)
    for part, count in zip(("train", "validation", "test"), counts, strict=True):
        if not count:
            assert not hasattr(data, part)
            continue
        value = getattr(data, part)
        if isinstance(value, slice):
            assert value.stop - value.start == count
        elif isinstance(value, str):
            assert len(value) == count
        else:
            assert [len(column) for column in value] == [count] * len(value)
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.train = None


@pytest.mark.parametrize("name", NAMES)
def test_a_loader_reads_once_and_nobody_can_change_what_others_get(name):
    data = load(name)
    assert load(name) is data
    for array in arrays_in(data):
        assert not array.flags.writeable
        assert array.dtype != object


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_says_origin_licence_and_split(name):
    text = inspect.getdoc(getattr(seqdata, name))
    assert [word for word in ("Origin: ", "Licence: ", "Split: ") if word in text] == [
        "Origin: ",
        "Licence: ",
        "Split: ",
    ]


def fits(value, hint):
    if typing.get_origin(hint) is tuple:
        item, _ = typing.get_args(hint)
        return isinstance(value, tuple) and all(fits(v, item) for v in value)
    return type(value) is hint


@pytest.mark.parametrize("name", NAMES)
def test_the_annotated_types_are_the_types(name):
    data = load(name)
    for value in (data, *(p for p in parts(data).values() if hasattr(p, "_fields"))):
        for field, hint in typing.get_type_hints(type(value)).items():
            assert fits(getattr(value, field), hint), field


def identity(name, part):
    """What makes an example of this data set, as hashable values."""
    if name == "japanese_vowels":
        return [frames.tobytes() for frames in part.frames]
    column = {"xkcd_colors": "names", "cldr_emoji": "english", "cmudict_g2p": "words"}.get(name)
    values = getattr(part, column) if column else part[0]
    return [v.lower() if isinstance(v, str) else tuple(t.lower() for t in v) for v in values]


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_example_is_in_two_parts(name):
    seen = [set(identity(name, part)) for part in parts(load(name)).values()]
    assert all(seen)
    assert len(set().union(*seen)) == sum(map(len, seen))


@pytest.mark.parametrize("name", [n for n in EXAMPLES if n != "udhr_lang"])
def test_parts_are_not_blocks_of_the_file(name):
    """The files are sorted by word or source: a part cut off at an end would be of another kind."""
    if name == "japanese_vowels":
        for part in parts(load(name)).values():
            assert len(np.unique(part.speakers)) == 9
        return
    everything = [v for part in parts(load(name)).values() for v in identity(name, part)]
    place = {value: p for p, value in enumerate(sorted(everything))}
    for part in parts(load(name)).values():
        middle = np.mean([place[v] for v in identity(name, part)]) / len(place)
        assert 0.42 < middle < 0.58


@pytest.mark.parametrize("name", SERIES)
def test_a_series_is_cut_in_time(name):
    data = load(name)
    values = getattr(data, dataclasses.fields(data)[0].name)
    assert data.train.start == 0
    assert data.train.stop == data.validation.start
    assert data.validation.stop == data.test.start
    assert data.test.stop == len(values)
    for field in dataclasses.fields(data)[:-3]:
        assert getattr(data, field.name).shape == values.shape


@pytest.mark.parametrize("name", ["candide", "lady_susan"])
def test_a_novel_is_cut_between_paragraphs(name):
    data = load(name)
    assert data.train + data.validation + data.test == data.text
    assert data.train.endswith("\n\n") and data.validation.endswith("\n\n")
    assert "\n\n\n" not in data.text


def test_splits_do_not_depend_on_order_hash_seed_or_process():
    keys = [f"key {n}" for n in range(200)]
    split = splits.split_by_key(keys)
    assert [len(p) for p in split] == [160, 20, 20]
    assert sorted(sum(split, ())) == list(range(200))
    backwards = splits.split_by_key(keys[::-1])
    assert {keys[p] for p in split.test} == {keys[::-1][p] for p in backwards.test}
    # Written down, so that nobody changes the test parts without seeing this.
    assert split.test[:6] == (2, 20, 27, 54, 62, 69)
    code = (
        "import hashlib, seqdata as s; print(hashlib.sha256(repr((s.uci_sentiment().test.texts,"
        " s.cmudict_g2p().test.words, s.usaddress().test.tokens)).encode()).hexdigest())"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-B", "-c", code],
            cwd=DATASETS,
            env=os.environ | {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(answers) == 1 and "" not in answers


def test_equal_keys_stay_together():
    keys = [f"{n % 30}" for n in range(300)]
    for part in splits.split_by_key(keys):
        inside = {keys[p] for p in part}
        assert len(part) == 10 * len(inside)


# ------------------------------------------------------------------------------- known facts


def test_japanese_vowels_are_the_official_ones():
    data = seqdata.japanese_vowels()
    assert np.bincount(data.train.speakers).tolist() == [30] * 9
    assert np.bincount(data.test.speakers).tolist() == [31, 35, 88, 44, 29, 24, 40, 50, 29]
    frames = data.train.frames + data.test.frames
    assert {f.shape[1] for f in frames} == {12} and {f.dtype for f in frames} == {np.dtype("f4")}
    assert (min(map(len, frames)), max(map(len, frames))) == (7, 29)
    first = [1.860936, -0.207383, 0.261557, -0.214562, -0.171253, -0.118167]
    assert np.allclose(frames[0][0, :6], first, atol=1e-6)


def test_sentiment_is_balanced_and_each_sentence_is_there_once():
    data = seqdata.uci_sentiment()
    for part in parts(data).values():
        assert part.labels.dtype == np.int64
        assert set(part.labels.tolist()) == {0, 1}
        assert 0.45 < part.labels.mean() < 0.55
        assert set(part.sources) == {"amazon", "imdb", "yelp"}
    texts = data.train.texts + data.validation.texts + data.test.texts
    assert len(set(texts)) == 2969
    label = dict(zip(data.train.texts, data.train.labels, strict=True))
    label |= dict(zip(data.validation.texts, data.validation.labels, strict=True))
    label |= dict(zip(data.test.texts, data.test.labels, strict=True))
    assert label["Good case, Excellent value."] == 1
    assert label["The whole experience was underwhelming, and I think we'll just go to Ninja Sushi "
                 "next time."] == 0  # fmt: skip


def test_languages_share_articles_and_no_translation_crosses():
    data = seqdata.udhr_lang()
    assert len(data.languages) == 20 and list(data.languages) == sorted(data.languages)
    articles = [set(part.articles.tolist()) for part in parts(data).values()]
    assert set().union(*articles) == set(range(31)) and sum(map(len, articles)) == 31
    for part in parts(data).values():
        assert set(part.labels.tolist()) == set(range(20))
        assert min(map(len, part.texts)) >= 20
    english = data.languages.index("eng")
    first = data.train.texts[int(np.argmax(data.train.labels == english))]
    assert first.startswith("Whereas recognition of the inherent dignity")


def test_colors_are_in_range_and_named_right():
    data = seqdata.xkcd_colors()
    known = {}
    for part in parts(data).values():
        assert part.rgb.shape == (len(part.names), 3) and part.rgb.dtype == np.float64
        assert part.rgb.min() >= 0 and part.rgb.max() <= 1
        known |= dict(zip(part.names, part.rgb, strict=True))
    assert len(known) == 921
    assert np.allclose(known["green"] * 255, [0x15, 0xB0, 0x1A])
    assert np.allclose(known["cloudy blue"] * 255, [0xAC, 0xC2, 0xD9])


def test_candide_is_whole_and_without_notes():
    text = seqdata.candide().text
    assert (len(text), len(set(text))) == (186_500, 83)
    assert text.count("CHAPITRE ") == 30
    assert text.startswith("CHAPITRE I.\n\nComment Candide fut élevé dans un beau château")
    assert text.endswith("mais il faut cultiver notre\njardin.\n")
    assert not re.search(r"[\[\]]|  B\.$|Gutenberg", text, re.MULTILINE)
    assert "«Monsieur mon très cher amant" in text, "an indented letter, not a note"


def test_lady_susan_is_whole():
    text = seqdata.lady_susan().text
    assert (len(text), len(set(text))) == (126_977, 67)
    assert text.startswith("LADY SUSAN VERNON TO MR. VERNON")
    assert text.endswith("was defrauded of her due by a woman ten years older\nthan herself.\n")
    assert "Gutenberg" not in text


def test_elnino():
    data = seqdata.elnino_sst()
    assert data.temperature.shape == (732,)
    assert data.temperature[[0, 11, 12, -1]].tolist() == [23.11, 21.8, 24.19, 22.07]
    assert data.year[[0, 11, 12, -1]].tolist() == [1950, 1950, 1951, 2010]
    assert data.month[[0, 11, 12, -1]].tolist() == [1, 12, 1, 12]
    assert data.year[data.validation][[0, -1]].tolist() == [1981, 1990]
    assert data.year[data.test][0] == 1991


def test_co2():
    data = seqdata.co2_weekly()
    assert data.ppm.shape == (2284,) and np.isnan(data.ppm).sum() == 59
    assert data.date[[0, -1]].tolist() == [np.datetime64(d).item() for d in ("1958-03-29", "2001-12-29")]  # fmt: skip
    assert set(np.diff(data.date).astype(int)) == {7}
    assert data.ppm[0] == 316.1 and np.isnan(data.ppm[6]) and data.ppm[-1] == 371.5
    assert data.date[data.validation][0].astype(str) == "1992-01-04"
    assert data.date[data.test][0].astype(str) == "1997-01-04"


def test_sunspots():
    data = seqdata.sunspots_yearly()
    assert data.year.tolist() == list(range(1700, 2009))
    assert data.number[[0, 2, -1]].tolist() == [5.0, 16.0, 2.9]
    assert data.number.max() == 190.2 and data.year[data.number.argmax()] == 1957
    assert data.year[data.train][-1] == 1920 and data.year[data.test][0] == 1956


def test_marked_words_are_where_they_are_said_to_be():
    data = seqdata.wordnet_pos()
    assert data.tag_names == ("noun", "verb", "adj", "adv")
    readings = collections.defaultdict(set)
    for part in parts(data).values():
        assert set(part.tags.tolist()) == {0, 1, 2, 3}
        for tokens, position, tag, lemma in zip(*part, strict=True):
            assert 3 <= len(tokens) <= 25
            # Every inflection keeps the lemma but for its last letter.
            assert tokens[position].lower().startswith(lemma[:-1])
            readings[lemma].add(tag)
    assert len(readings) == 4253
    assert sum(len(tags) > 1 for tags in readings.values()) == 1626


def test_addresses_name_nobody():
    data = seqdata.usaddress()
    assert len(data.tag_names) == 28
    assert not {"Recipient", "NotAddress"} & set(data.tag_names)
    raw = (FILES / "usaddress.conll").read_text()
    assert not re.search(r"recipient|notaddress", raw, re.IGNORECASE)
    lines = raw.split("\n")
    assert all(re.fullmatch(r"\S+\t[A-Za-z0-9]+", line) for line in lines if line)
    assert lines.count("") - 1 == 1509
    for part in parts(data).values():
        for tokens, tags in zip(*part, strict=True):
            assert tags.shape == (len(tokens),) and tags.dtype == np.int64
            assert 2 <= len(tokens) <= 14
            assert tags.min() >= 0 and tags.max() < 28


def test_names_of_characters():
    data = seqdata.cldr_emoji()
    english, french, kinds, characters = (
        sum((getattr(part, field) for part in parts(data).values()), ())
        for field in ("english", "french", "kinds", "characters")
    )
    assert len(set(zip(english, french, strict=True))) == 4340
    assert collections.Counter(kinds) == {"derived": 2376, "base": 1964}
    at = characters.index("🏠")
    assert (english[at], french[at]) == ("house", "maison")


def test_pronunciations():
    data = seqdata.cmudict_g2p()
    assert len(data.phoneme_names) == 39
    known = {}
    for part in parts(data).values():
        assert {sound for sounds in part.phonemes for sound in sounds} <= set(data.phoneme_names)
        known |= dict(zip(part.words, part.phonemes, strict=True))
    assert len(known) == 40_000
    assert all(re.fullmatch("[a-z]{2,12}", word) for word in known)
    assert known["zygote"] == ("Z", "AY", "G", "OW", "T")


def test_the_lines_of_the_readme_are_true():
    readme = (DATASETS / "README.md").read_text()

    vowels = seqdata.japanese_vowels()
    means = np.array([f.mean(axis=0) for f in vowels.train.frames])
    centres = np.array([means[vowels.train.speakers == s].mean(axis=0) for s in range(9)])
    ask = np.array([f.mean(axis=0) for f in vowels.test.frames])
    nearest = ((ask[:, None] - centres) ** 2).sum(axis=-1).argmin(axis=1)
    right = (nearest == vowels.test.speakers).mean()
    assert f"mean frames | {f'{right:.3f}'.lstrip('0')} right |" in readme

    sea = seqdata.elnino_sst()
    early, test = sea.temperature[sea.train], sea.test
    months = np.array([early[sea.month[sea.train] == m].mean() for m in range(1, 13)])
    seasonal = np.abs(sea.temperature - months[sea.month - 1])[test].mean()
    again = np.abs(np.diff(sea.temperature))[test.start - 1 :].mean()
    assert f"| {seasonal:.3f}, {again:.3f} °C".replace("0.", ".") in readme
    anomaly = sea.temperature - months[sea.month - 1]
    past = np.column_stack([anomaly[1:-1], anomaly[:-2], np.ones(730)])
    weights = np.linalg.lstsq(past[: test.start - 2 - 120], anomaly[2 : test.start - 120])[0]
    linear = np.abs(past @ weights - anomaly[2:])[test.start - 2 :].mean()
    assert f"two anomalies | {linear:.3f} °C |".replace("0.", ".") in readme

    words = seqdata.wordnet_pos()
    counts = collections.defaultdict(lambda: np.zeros(4, dtype=int))
    for lemma, tag in zip(words.train.lemmas, words.train.tags, strict=True):
        counts[lemma][tag] += 1
    most = np.bincount(words.train.tags).argmax()
    guesses = [int(counts[w].argmax()) if w in counts else most for w in words.test.lemmas]
    of_word, of_all = (words.test.tags == guesses).mean(), (words.test.tags == most).mean()
    assert f"of the word, of all | {of_word:.3f}, {of_all:.3f} right |".replace("0.", ".") in readme

    addresses = seqdata.usaddress()
    tags_of = collections.defaultdict(lambda: np.zeros(28, dtype=int))
    for tokens, tags in zip(*addresses.train, strict=True):
        for token, tag in zip(tokens, tags, strict=True):
            tags_of[token.lower()][tag] += 1
    asked = [t.lower() for tokens in addresses.test.tokens for t in tokens]
    truth, most = np.concatenate(addresses.test.tags), sum(tags_of.values()).argmax()
    guesses = [int(tags_of[t].argmax()) if t in tags_of else most for t in asked]
    of_token, of_all = (truth == guesses).mean(), (truth == most).mean()
    assert f"token, of all | {of_token:.3f}, {of_all:.3f} right |".replace("0.", ".") in readme

    novel = seqdata.candide()
    size, single = len(set(novel.text)), collections.Counter(novel.train)
    double = collections.Counter(zip(novel.train, novel.train[1:], strict=False))
    unigram = [(single[c] + 1) / (len(novel.train) + size) for c in novel.test]
    bigram = [
        (double[a, b] + 0.1) / (single[a] + 0.1 * size)
        for a, b in zip(novel.test, novel.test[1:], strict=False)
    ]
    bits = [-np.log2(p).mean() for p in (unigram, bigram)]
    assert f"| {bits[0]:.2f}, {bits[1]:.2f} bits per character |" in readme

    sentences = seqdata.uci_sentiment()
    right = (sentences.test.labels == np.bincount(sentences.train.labels).argmax()).mean()
    assert f"in training | {right:.3f} right |".replace("0.", ".") in readme

    spots = seqdata.sunspots_yearly()
    again = np.abs(np.diff(spots.number))[spots.test.start - 1 :].mean()
    assert f"last year again | {again:.1f} |" in readme


# ------------------------------------------------------------------------------ what goes wrong


@pytest.fixture
def copied_files(tmp_path, monkeypatch):
    """The package reading from a folder that a test may spoil."""
    folder = tmp_path / "files"
    shutil.copytree(FILES, folder)
    monkeypatch.setattr(store, "FILES", folder)
    store.checksums.cache_clear()
    yield folder
    store.checksums.cache_clear()


def spoil_missing(path):
    path.unlink()


def spoil_truncated(path):
    path.write_bytes(path.read_bytes()[:-1])


def spoil_one_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def spoil_line_ends(path):
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def spoil_empty(path):
    path.write_bytes(b"")


SPOILERS = [spoil_missing, spoil_truncated, spoil_one_bit, spoil_line_ends, spoil_empty]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda s: s.__name__.removeprefix("spoil_"))
@pytest.mark.parametrize(("name", "file"), [(r[0], r[2]) for r in LOADERS], ids=NAMES)
def test_a_missing_or_damaged_file_is_named(copied_files, name, file, spoil):
    read = getattr(seqdata, name).__wrapped__  # what is cached was read before
    read()
    spoil(copied_files / file)
    with pytest.raises(seqdata.DataFileError) as caught:
        read()
    message = str(caught.value)
    assert message.startswith(f"{file} is {'missing' if spoil is spoil_missing else 'damaged'}")
    assert "python datasets/rebuild.py" in message and str(copied_files) in message


@pytest.mark.parametrize("content", [None, b"", b"nonsense\n"])
def test_a_missing_or_damaged_manifest_is_named(copied_files, content):
    path = copied_files / "SHA256SUMS"
    path.unlink() if content is None else path.write_bytes(content)
    store.checksums.cache_clear()
    with pytest.raises(seqdata.DataFileError, match="SHA256SUMS"):
        seqdata.candide.__wrapped__()


# ---------------------------------------------------------------------------- where it can be


def run_python(code, cwd, *paths):
    """Run code where only the given folders can be imported from, and return its output."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment |= {"PYTHONPATH": os.pathsep.join(map(str, paths)), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-P", "-B", "-c", code],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LOAD_ALL = (
    "import seqdata; "
    + "; ".join(f"seqdata.{name}()" for name in NAMES)
    + "; print(seqdata.__file__)"
)


def test_it_works_in_a_students_bundle(tmp_path):
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
    shutil.copytree(DATASETS, tmp_path / "datasets", ignore=ignored)
    chapter = tmp_path / "assignments" / "ch00_sequences"
    chapter.mkdir(parents=True)
    code = f"import sys; sys.path.insert(0, '../../datasets'); {LOAD_ALL}"
    found = (chapter / run_python(code, chapter)).resolve()
    assert found == (tmp_path / "datasets" / "seqdata" / "__init__.py").resolve()


def test_it_works_installed_and_takes_the_notices_along(tmp_path):
    source, target = tmp_path / "source", tmp_path / "installed"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "build")
    shutil.copytree(DATASETS, source, ignore=ignored)  # building leaves folders behind
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    options = ["--no-build-isolation", "--disable-pip-version-check", "--target", str(target)]
    done = subprocess.run(
        [*command, *options, str(source)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shutil.rmtree(source)
    assert run_python(LOAD_ALL, tmp_path, target) == str(target / "seqdata" / "__init__.py")
    shipped = {p.name for p in target.glob("seqdata-*.dist-info/licenses/licences/*.txt")}
    assert shipped == {p.name for p in (DATASETS / "licences").glob("*.txt")}


def test_the_package_needs_numpy_only():
    with (DATASETS / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["dependencies"] == ["numpy"]
    code = (
        "import sys, seqdata; print([m for m in ('torch', 'scipy', 'pandas') if m in sys.modules])"
    )
    assert run_python(code, DATASETS, DATASETS) == "[]"


# ---------------------------------------------------------------------------------- rebuilding


def test_rebuild_knows_every_file(rebuild):
    assert set(rebuild.DATA) == {row[2] for row in LOADERS}
    assert {name.removesuffix(".txt") for name in rebuild.LICENCE_FILES} == {r[3] for r in LOADERS}
    for package in rebuild.PACKAGES:
        assert re.fullmatch(r"\d+\.\d+\.\d+", package.version)
        readme = (DATASETS / "README.md").read_text()
        assert package.name in readme and package.version in readme


def test_rebuild_drops_addresses_with_people(rebuild, tmp_path):
    kept = b"<AddressString><AddressNumber>12</AddressNumber> <StreetName>Elm</StreetName></AddressString>"
    named = kept.replace(b"</StreetName>", b"</StreetName> <Recipient>Ada</Recipient>")
    other = kept.replace(b"</StreetName>", b"</StreetName> <NotAddress>Sold</NotAddress>")
    content = b"<AddressCollection>" + named + kept + other + kept + b"</AddressCollection>"
    empty = b"<AddressCollection/>"
    with tarfile.open(tmp_path / "usaddress-0.5.16.tar.gz", "w:gz") as archive:
        for name in (
            "labeled",
            "us50_train_tagged",
            "us50_messiest_manual_label",
            "multi_word_state_addresses",
        ):
            member = tarfile.TarInfo(f"usaddress-0.5.16/training/{name}.xml")
            data = content if name == "labeled" else empty
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    built = rebuild.usaddress(rebuild.Archives(tmp_path))
    assert built == b"12\tAddressNumber\nElm\tStreetName\n\n"


def test_rebuild_takes_notes_out_and_leaves_indented_text(rebuild):
    text = (
        "He spoke[1] and left[a].\n\n"
        "  [1] A remark.\n\n      with verse\n  to its end.  B.\n\n  [a] Another.\n\n"
        "  «A letter.»\n\nThe end.  \n\n  «A letter.»\n"
    )
    assert rebuild.novel(rebuild.without_notes(text)) == (
        b"He spoke and left.\n\nThe end.\n\n  \xc2\xabA letter.\xc2\xbb\n"
    )


@pytest.mark.parametrize(
    ("lemma", "pos", "form"),
    [
        ("try", "verb", "tried"),
        ("move", "verb", "moving"),
        ("stop", "verb", "stopped"),
        ("box", "noun", "boxes"),
        ("city", "noun", "cities"),
        ("fast", "adj", "fastest"),
    ],
)
def test_inflections(rebuild, lemma, pos, form):
    assert {lemma, form} <= rebuild.inflections(lemma, pos)
    assert rebuild.inflections(lemma, "adv") == {lemma}


def test_crude_words_go_and_their_neighbours_stay(rebuild):
    for word in ("poo", "vomited", "Bitches"):
        assert rebuild.CRUDE.search(f"a {word} b")
    for word in ("pool", "poor", "poodle", "class", "grape", "assess", "therapist", "jewel"):
        assert not rebuild.CRUDE.search(f"a {word} b"), word
    for name in ("uci_sentiment.tsv", "wordnet_pos.tsv", "cmudict_g2p.tsv", "xkcd_colors.tsv"):
        assert not rebuild.CRUDE.search((FILES / name).read_text()), name


def test_rebuild_tells_equal_arrays_from_others(rebuild):
    def archive(compressed=False, **arrays):
        stream = io.BytesIO()
        (np.savez_compressed if compressed else np.savez)(stream, **arrays)
        return stream.getvalue()

    x = np.arange(4.0)
    assert rebuild.same("a.npz", archive(x=x), archive(compressed=True, x=x))
    for other in ({"x": x + 1}, {"y": x}, {"x": x.astype(np.float32)}, {"x": x[:, None]}):
        assert not rebuild.same("a.npz", archive(x=x), archive(**other))
    assert not rebuild.same("a.npz", archive(x=x), b"no archive")
    assert not rebuild.same("a.tsv", b"a\n", b"a\r\n")


def test_check_reports_what_differs(rebuild, tmp_path, monkeypatch):
    monkeypatch.setattr(rebuild, "HERE", tmp_path)
    monkeypatch.setattr(rebuild, "FILES", tmp_path / "seqdata" / "files")
    monkeypatch.setattr(rebuild, "LICENCES", tmp_path / "licences")
    files = {"seqdata/files/a.txt": b"a\n", "licences/b.txt": b"b\n"}
    for name, content in files.items():
        rebuild.write(tmp_path / name, content)
    for path, content in rebuild.manifests(files).items():
        rebuild.write(path, content)
    assert rebuild.checked(files) == []
    rebuild.write(tmp_path / "licences" / "stray.txt", b"")
    (tmp_path / "SHA256SUMS").write_bytes(b"")
    rebuild.write(tmp_path / "seqdata" / "files" / "a.txt", b"A\n")
    assert [p.split()[0] for p in rebuild.checked(files)] == [
        "seqdata/files/a.txt",
        "licences/stray.txt",
        "SHA256SUMS",
        "seqdata/files/SHA256SUMS",
    ]
    (tmp_path / "licences" / "b.txt").unlink()
    assert "licences/b.txt is missing" in rebuild.checked(files)


def test_a_row_that_does_not_fit_its_table_is_refused(rebuild):
    assert rebuild.table("a b", [(1, "x y")]) == b"a\tb\n1\tx y\n"
    for row in [(1,), (1, "x\ty"), (1, "x\ny")]:
        with pytest.raises(rebuild.RebuildError):
            rebuild.table("a b", [row])
