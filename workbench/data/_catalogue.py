"""What the real data are: axes, units, source, licence."""

__all__ = ["Axis", "Catalogue", "Description", "catalogue", "describe"]

from dataclasses import dataclass

import numpy as np
import torch

from workbench.data._coerce import DataError
from workbench.network import did_you_mean


@dataclass(frozen=True)
class Axis:
    """One axis of a data set: its name, size, unit ("" for none) and what its positions stand for, if more than a number."""

    name: str
    size: int
    unit: str = ""
    ticks: tuple[str | float, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True)
class Description:
    """What a data set is. `call` gives it, `units` are those of its values, `gaps` counts entries that were not observed.

    `classes` names the labels, where there are labels, in the order of their numbers.
    """

    name: str
    title: str
    call: str
    dtype: torch.dtype
    axes: tuple[Axis, ...]
    units: str
    source: str
    licence: str
    citation: str
    gaps: int = 0
    classes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return tuple(axis.size for axis in self.axes)

    def __repr__(self) -> str:
        axes = ", ".join(f"{axis.size} {axis}" for axis in self.axes)
        dtype = str(self.dtype).removeprefix("torch.")
        lines = {
            self.name: self.title,
            "call": self.call,
            "axes": axes,
            "values": f"{dtype}; {self.units}",
            "gaps": f"{self.gaps:,}" if self.gaps else "",
            "classes": ", ".join(self.classes),
            "source": self.source,
            "licence": self.licence,
            "cite": self.citation,
        }
        width = max(map(len, lines))
        return "\n".join(f"{key:<{width}}  {value}" for key, value in lines.items() if value)


class Catalogue(tuple[Description, ...]):
    """The data sets there are: a tuple of `Description` that prints as a table."""

    __slots__ = ()

    def __repr__(self) -> str:
        rows = [(d.call, " x ".join(map(str, d.shape)), f"{d.gaps:,}" if d.gaps else "", d.title) for d in self]
        rows.insert(0, ("call", "shape", "gaps", "what it is"))
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return "\n".join("  ".join([*map(str.ljust, row[:3], widths), row[3]]) for row in rows)


def catalogue() -> Catalogue:
    """Every real data set, in a tuple that prints as a table.

    >>> [each.name for each in catalogue()]
    ['china', 'flower', 'digits', 'il2', 'covid_serology', 'indian_pines', 'kinetic']
    """
    return Catalogue(DESCRIPTIONS)


def describe(name: str) -> Description:
    """The description of one data set.

    Raises
    ------
    DataError
        When there is none of that name.

    Examples
    --------
    >>> describe("il2").shape, describe("il2").gaps
    ((13, 4, 12, 8), 192)
    >>> str(describe("kinetic").axes[1])
    'emission (nm)'
    """
    for description in DESCRIPTIONS:
        if description.name == name:
            return description
    raise DataError(f"there is no data set {name!r}{did_you_mean(name, [each.name for each in DESCRIPTIONS])}")


# Nanometres, as TensorLy gives them: two spectrometers overlap near 690 and 1280, and 2260.22, 2270.15 break the step of
# 9.92 (2212.22, 2222.15 would fit). Plot against the band's number where order matters.
AVIRIS = (
    400.02, 409.82, 419.62, 429.43, 439.25, 449.07, 458.9, 468.73, 478.57, 488.41, 498.26, 508.12,
    517.98, 527.85, 537.72, 547.6, 557.49, 567.38, 577.28, 587.18, 597.09, 607.01, 616.93, 626.85,
    636.78, 646.72, 656.67, 666.61, 676.57, 686.53, 696.5, 686.91, 696.55, 706.19, 715.83, 725.47,
    735.11, 744.74, 754.38, 764.01, 773.64, 783.27, 792.91, 802.53, 812.21, 821.79, 831.41, 841.04,
    850.66, 860.28, 869.91, 879.53, 889.14, 898.76, 908.38, 917.99, 927.61, 937.22, 946.83, 956.45,
    966.06, 975.66, 985.27, 994.88, 1004.48, 1014.09, 1023.69, 1033.29, 1042.89, 1052.49, 1062.09, 1071.69,
    1081.29, 1090.88, 1100.48, 1110.07, 1119.66, 1129.25, 1138.84, 1148.43, 1158.02, 1167.61, 1177.19, 1186.77,
    1196.36, 1205.94, 1215.52, 1225.1, 1234.68, 1244.26, 1253.83, 1263.41, 1272.98, 1282.55, 1273.0, 1282.96,
    1292.93, 1302.89, 1312.85, 1322.81, 1332.77, 1342.73, 1352.68, 1422.34, 1432.28, 1442.23, 1452.17, 1462.11,
    1472.05, 1481.99, 1491.92, 1501.86, 1511.79, 1521.73, 1531.66, 1541.59, 1551.52, 1561.44, 1571.37, 1581.3,
    1591.22, 1601.14, 1611.06, 1620.98, 1630.9, 1640.81, 1650.73, 1660.64, 1670.56, 1680.47, 1690.38, 1700.28,
    1710.19, 1720.1, 1730.0, 1739.9, 1749.81, 1759.71, 1769.6, 1779.5, 1789.4, 1799.29, 1809.19, 1819.08,
    1953.26, 1963.25, 1973.24, 1983.23, 1993.22, 2003.2, 2013.18, 2023.16, 2033.13, 2043.1, 2053.07, 2063.04,
    2073.0, 2082.97, 2092.92, 2102.88, 2112.83, 2122.78, 2132.73, 2142.68, 2152.62, 2162.56, 2172.5, 2182.43,
    2192.37, 2202.3, 2260.22, 2270.15, 2232.07, 2241.99, 2251.9, 2261.82, 2271.73, 2281.64, 2291.54, 2301.45,
    2311.35, 2321.25, 2331.14, 2341.03, 2350.92, 2360.81, 2370.7, 2380.58, 2390.46, 2400.33, 2410.21, 2420.08,
    2429.95, 2439.81, 2449.68, 2459.54, 2469.4, 2479.25, 2489.11, 2498.96,
)  # fmt: skip

CROPS = (
    "unlabelled",
    "alfalfa",
    "corn, no till",
    "corn, minimum till",
    "corn",
    "grass, pasture",
    "grass, trees",
    "grass, mowed pasture",
    "hay, windrowed",
    "oats",
    "soybean, no till",
    "soybean, minimum till",
    "soybean, clean",
    "wheat",
    "woods",
    "buildings, grass, trees, drives",
    "stone, steel towers",
)

LIGANDS = (
    "IL2 (Mono)",
    "IL15 (Mono)",
    "WT N-term (Biv)",
    "H16N N-term (Biv)",
    "R38Q N-term (Biv)",
    "R38Q/H16N (Biv)",
    "WT N-term (Mono)",
    "H16N N-term (Mono)",
    "WT C-term (Mono)",
    "V91K C-term (Mono)",
    "R38Q N-term (Mono)",
    "F42Q N-Term (Mono)",
    "N88D C-term (Mono)",
)
CELLS = ("Treg IL2Ra_hi", "Treg", "Treg IL2Ra_lo", "Thelper IL2Ra_hi", "Thelper", "Thelper IL2Ra_lo", "CD8+", "NK")
PATIENTS = ("Negative",) * 39 + ("Mild",) * 7 + ("Moderate",) * 122 + ("Severe",) * 196 + ("Deceased",) * 74
ANTIGENS = ("S", "RBD", "N", "S1", "S2", "S1 Trimer")
RECEPTORS = ("IgG1", "IgG2", "IgG3", "IgA1", "IgA2", "IgM", "FcRalpha", "FcR2A", "FcR2B", "FcR3A", "FcR3B")

PHOTOGRAPH = (Axis("row", 427), Axis("column", 640), Axis("colour", 3, ticks=("red", "green", "blue")))

DESCRIPTIONS = (
    Description(
        name="china",
        title="a temple tower above a lake, photograph",
        call='image("china")',
        dtype=torch.float32,
        axes=PHOTOGRAPH,
        units="sRGB in [0, 1]",
        source="scikit-learn, datasets/images/china.jpg",
        licence="CC BY 2.0",
        citation="photograph by danielbuechele, https://www.flickr.com/photos/danielbuechele/6061409035",
    ),
    Description(
        name="flower",
        title="a dahlia, photograph",
        call='image("flower")',
        dtype=torch.float32,
        axes=PHOTOGRAPH,
        units="sRGB in [0, 1]",
        source="scikit-learn, datasets/images/flower.jpg",
        licence="CC BY 2.0",
        citation="photograph by vultilion, https://www.flickr.com/photos/vultilion/6056698931",
    ),
    Description(
        name="digits",
        title="handwritten digits",
        call="digits()",
        dtype=torch.float32,
        axes=(Axis("sample", 1797), Axis("row", 8), Axis("column", 8)),
        units="ink in [0, 1], in sixteenths",
        source="scikit-learn, datasets/data/digits.csv.gz (the test set of UCI's optical recognition of handwritten digits)",
        licence="CC BY 4.0",
        citation="E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository",
        classes=tuple("0123456789"),
    ),
    Description(
        name="il2",
        title="responses of immune cells to interleukin-2 variants",
        call="il2()",
        dtype=torch.float64,
        axes=(
            Axis("ligand", 13, ticks=LIGANDS),
            Axis("time", 4, "h", (4.0, 2.0, 1.0, 0.5)),
            Axis("dose", 12, "nM", tuple(float(dose) for dose in np.geomspace(84.0, 0.000474, 12))),
            Axis("cell", 8, ticks=CELLS),
        ),
        units="STAT5 phosphorylation, scaled to a largest value of 1 for each cell type",
        source="TensorLy, datasets/data/IL2_Response_Tensor.npy",
        licence="MIT, Copyright 2021 The Regents of the University of California",
        citation="Orcutt-Jahns et al. (2021), Multivalency enhances the specificity of Fc-cytokine fusions, bioRxiv",
        gaps=192,
    ),
    Description(
        name="covid_serology",
        title="antibodies of COVID-19 patients",
        call="covid_serology()",
        dtype=torch.float64,
        axes=(
            Axis("sample", 438, ticks=PATIENTS),
            Axis("antigen", 6, ticks=ANTIGENS),
            Axis("receptor", 11, ticks=RECEPTORS),
        ),
        units="no unit: logarithm of fluorescence, centred over the samples",
        source="TensorLy, datasets/data/COVID19_data.npy",
        licence="MIT, Copyright 2022 The Regents of the University of California",
        citation=(
            "Tan et al. (2021), Tensor-structured decomposition improves systems serology analysis, Molecular Systems Biology "
            "17(9); measured by Zohar et al. (2020), Cell 183(6)"
        ),
    ),
    Description(
        name="indian_pines",
        title="hyperspectral picture of farmland",
        call="indian_pines()",
        dtype=torch.float32,
        axes=(Axis("row", 145), Axis("column", 145), Axis("band", 200, "nm", AVIRIS)),
        units="scaled radiance; (x - 1000) / 500 is in uW / (cm2 nm sr)",
        source="TensorLy, datasets/data/Indian_pines_corrected.npy (AVIRIS, 12 June 1992)",
        licence="CC BY 3.0",
        citation=(
            "Baumgardner, Biehl and Landgrebe (2015), 220 Band AVIRIS Hyperspectral Image Data Set: June 12, 1992 Indian Pine "
            "Test Site 3, Purdue University Research Repository, doi:10.4231/R7RX991C"
        ),
        classes=CROPS,
    ),
    Description(
        name="kinetic",
        title="fluorescence of reacting catecholamines",
        call="kinetic()",
        dtype=torch.float64,
        axes=(
            Axis("measurement", 64),
            Axis("emission", 12, "nm", tuple(472 + 7.5 * k for k in range(12))),
            Axis("excitation", 10, "nm", tuple(362.0 + 6 * k for k in range(10))),
            Axis("time", 60, "min", tuple((k + 1) / 3 for k in range(60))),
        ),
        units="fluorescence, arbitrary units",
        source="TensorLy, datasets/data/Kinetic.npy and Kinetic_missing.npy",
        licence="for public use with the citation, https://ucphchemometrics.com",
        citation=(
            "Nikolajsen, Booksh, Hansen and Bro (2003), Quantifying catecholamines using multi-way kinetic modelling, "
            "Analytica Chimica Acta 475(1-2), 137-150"
        ),
        gaps=1754,
    ),
)
