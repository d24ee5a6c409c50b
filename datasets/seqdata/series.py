"""Time series, whole and in order: a forecast for the test may look at all that came before.

`train`, `validation` and `test` are slices of the arrays, one after another. Everything that is
fitted (means, scales, weights) is fitted on `train`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .store import frozen, read_rows


@dataclass(frozen=True)
class SeaSurfaceTemperature:
    """Monthly temperatures; all arrays have shape `(732,)`.

    Attributes:
        temperature: float64, degrees Celsius.
        year: int64, 1950 to 2010.
        month: int64, 1 to 12.
        train: 1950 to 1980.
        validation: 1981 to 1990.
        test: 1991 to 2010.
    """

    temperature: np.ndarray
    year: np.ndarray
    month: np.ndarray
    train: slice
    validation: slice
    test: slice


@dataclass(frozen=True)
class CarbonDioxide:
    """Weekly concentrations; both arrays have shape `(2284,)`.

    Attributes:
        ppm: float64, parts per million by volume, NaN in the 59 weeks without a measurement.
        date: datetime64[D], Saturdays, none left out.
        train: up to the end of 1991.
        validation: 1992 to 1996.
        test: 1997 to 2001.
    """

    ppm: np.ndarray
    date: np.ndarray
    train: slice
    validation: slice
    test: slice


@dataclass(frozen=True)
class Sunspots:
    """Yearly sunspot numbers; both arrays have shape `(309,)`.

    Attributes:
        number: float64, the year's mean.
        year: int64, 1700 to 2008.
        train: 1700 to 1920.
        validation: 1921 to 1955.
        test: 1956 to 2008.
    """

    number: np.ndarray
    year: np.ndarray
    train: slice
    validation: slice
    test: slice


def _slices(year: np.ndarray, first_of_validation: int, first_of_test: int) -> tuple[slice, ...]:
    cuts = [int(np.searchsorted(year, y)) for y in (first_of_validation, first_of_test)]
    return slice(0, cuts[0]), slice(cuts[0], cuts[1]), slice(cuts[1], len(year))


def _columns(name: str) -> Iterable[tuple[str, ...]]:
    return zip(*read_rows(name, ","), strict=True)


@functools.cache
def elnino_sst() -> SeaSurfaceTemperature:
    """Sea surface temperature off Peru (0-10° S, 80-90° W), 732 months from January 1950.

    Origin: NOAA, ERSST.V3B, region Niño 1+2, from statsmodels 0.15.0.
    Licence: public domain.
    Split: in time, 372, 120 and 240 months.
    """
    rows = list(read_rows("elnino_sst.csv", ","))
    year = frozen(np.repeat([int(row[0]) for row in rows], 12))
    return SeaSurfaceTemperature(
        frozen([float(cell) for row in rows for cell in row[1:]], np.float64),
        year,
        frozen(np.tile(np.arange(1, 13), len(rows))),
        *_slices(year, 1981, 1991),
    )


@functools.cache
def co2_weekly() -> CarbonDioxide:
    """Carbon dioxide in the air on Mauna Loa, 2,284 weeks from 29 March 1958.

    Origin: Keeling and Whorf, CDIAC (2004), from statsmodels 0.15.0.
    Licence: public domain.
    Split: in time, by calendar years.
    """
    dates, values = _columns("co2_weekly.csv")
    date = frozen([f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in dates], "datetime64[D]")
    year = date.astype("datetime64[Y]").astype(np.int64) + 1970
    ppm = frozen([float(value or "nan") for value in values], np.float64)
    return CarbonDioxide(ppm, date, *_slices(year, 1992, 1997))


@functools.cache
def sunspots_yearly() -> Sunspots:
    """Sunspots, the mean number of each of the 309 years from 1700 to 2008.

    Origin: NOAA's National Geophysical Data Center, from statsmodels 0.15.0.
    Licence: public domain.
    Split: in time; training ends with 1920, as in the classic studies of this series.
    """
    years, numbers = _columns("sunspots_yearly.csv")
    year = frozen([int(y) for y in years])
    return Sunspots(
        frozen([float(n) for n in numbers], np.float64), year, *_slices(year, 1921, 1956)
    )
