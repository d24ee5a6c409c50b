"""Small, openly licensed sequence data sets with fixed splits, read from this package's folder.

    import seqdata

    vowels = seqdata.japanese_vowels()
    vowels.train.frames[0].shape        # (20, 12)
    help(seqdata.japanese_vowels)       # shapes, origin, licence, split

A loader reads its file once; what it returns is the same object ever after, with arrays that cannot
be written to (`array.copy()` can). Where a file is missing or damaged, `DataFileError` says what to do.
Licences and notices are in the folder `licences` beside this package.
"""

from .classification import (
    JapaneseVowels,
    Languages,
    Paragraphs,
    Sentences,
    Sentiment,
    Utterances,
    japanese_vowels,
    uci_sentiment,
    udhr_lang,
)
from .generation import ColorNames, NamedColors, Novel, candide, lady_susan, xkcd_colors
from .pairs import (
    NamePairs,
    PronouncingDictionary,
    Pronunciations,
    Translations,
    cldr_emoji,
    cmudict_g2p,
)
from .series import (
    CarbonDioxide,
    SeaSurfaceTemperature,
    Sunspots,
    co2_weekly,
    elnino_sst,
    sunspots_yearly,
)
from .store import DataFileError
from .tagging import (
    Addresses,
    MarkedSentences,
    PartsOfSpeech,
    TaggedAddresses,
    usaddress,
    wordnet_pos,
)

__all__ = [
    "Addresses",
    "CarbonDioxide",
    "ColorNames",
    "DataFileError",
    "JapaneseVowels",
    "Languages",
    "MarkedSentences",
    "NamePairs",
    "NamedColors",
    "Novel",
    "Paragraphs",
    "PartsOfSpeech",
    "PronouncingDictionary",
    "Pronunciations",
    "SeaSurfaceTemperature",
    "Sentences",
    "Sentiment",
    "Sunspots",
    "TaggedAddresses",
    "Translations",
    "Utterances",
    "candide",
    "cldr_emoji",
    "cmudict_g2p",
    "co2_weekly",
    "elnino_sst",
    "japanese_vowels",
    "lady_susan",
    "sunspots_yearly",
    "uci_sentiment",
    "udhr_lang",
    "usaddress",
    "wordnet_pos",
    "xkcd_colors",
]
