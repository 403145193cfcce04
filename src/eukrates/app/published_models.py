"""What is known of published models: where they live, how they are read, and what to say about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from eukrates.models.ani.published import ani, read_ani
from eukrates.models.archive import HYPERPARAMETERS, read_archive
from eukrates.models.so3krates.published import so3lr
from eukrates.models.spookynet.published import spookynet
from eukrates.potential import Potential

Contents = tuple[dict[str, np.ndarray], dict[str, Any]]  # arrays and hyperparameters


@dataclass(frozen=True)
class Published:
    """A published model, or several of one format."""

    build: Callable[[Mapping[str, np.ndarray], Mapping[str, Any]], Potential]
    home: str  # URL of the folder
    cards: Mapping[str, Mapping[str, str]]  # by digest of the contents
    file: str | None = None  # at home; None: it is too many files to fetch
    read: Callable[[str | Path], Contents] = read_archive

    @property
    def files(self) -> tuple[str, ...]:
        """What is fetched: archives of PyTorch carry their hyperparameters."""
        if self.file is None:
            return ()
        return (self.file,) if self.file.endswith(".pth") else (self.file, HYPERPARAMETERS)

    @property
    def source(self) -> str:
        """URL of the parameters."""
        return self.home if self.file is None else f"{self.home}/{self.file}"


_ANI = {
    "licence": "MIT",
    "authors": "J. S. Smith, B. Nebgen, N. Lubbers, C. Devereux, K. K. Huddleston, K. Barros, S. Tretiak, O. Isayev, "
    "A. E. Roitberg and co-authors",
}
MODELS = {
    "so3lr": Published(
        build=so3lr,
        home="https://raw.githubusercontent.com/general-molecular-simulations/so3lr/main/so3lr/params",
        file="params.pkl",
        cards={
            "f535384b113db57b3264c4e7f0f2c64e11ec492374e274cdb9a623c24d9a648d": {
                "level_of_theory": "PBE0+MBD",
                "licence": "MIT",
                "authors": "A. Kabylda, J. T. Frank, S. Suárez-Dou, A. Khabibrakhmanov, L. Medrano Sandonas, "
                "O. T. Unke, S. Chmiela, K.-R. Müller, A. Tkatchenko",
                "citation": "Kabylda et al., J. Am. Chem. Soc. 147, 33723 (2025), doi:10.1021/jacs.5c09558",
                "description": "SO3LR: organic and biological molecules of H, C, N, O, F, P, S, Cl. Trained on forces, "
                "dipoles and Hirshfeld ratios: energies are relative, with no atoms as zero.",
            }
        },
    ),
    "spookynet": Published(
        build=spookynet,
        home="https://raw.githubusercontent.com/OUnke/SpookyNet/66f3fe0e0c2db6f70357a1524ba9ec25f27367d9",
        file="parameters.pth",
        cards={
            "19df8a416795ae23310abe39e2fad08bce337186cc23014a185cb8ffad6f530d": {
                "level_of_theory": "GFN2-xTB",
                "licence": "MIT",
                "authors": "O. T. Unke, S. Chmiela, M. Gastegger, K. T. Schütt, H. E. Sauceda, K.-R. Müller",
                "citation": "Unke et al., Nat. Commun. 12, 7273 (2021), doi:10.1038/s41467-021-27504-0",
                "description": "SpookyNet: the small demonstration model of its repository, hydrogen to radon, any "
                "charge and spin. Energies against free neutral atoms in their ground states. For comparing programs, "
                "not for chemistry: energies of ordinary molecules are off by up to several eV.",
            }
        },
    ),
    "ani": Published(
        build=ani,
        home="https://github.com/aiqm/ani-model-zoo",
        read=read_ani,
        cards={
            "eabeff316f2ac67bd077f938e008f40e7d4b3fea7ecdf93e5b88183ea24e7a04": _ANI
            | {
                "level_of_theory": "wB97X/6-31G(d)",
                "citation": "Smith et al., J. Chem. Phys. 148, 241733 (2018), doi:10.1063/1.5023802",
                "description": "ANI-1x: neutral organic molecules of H, C, N, O in their ground states.",
            },
            "d29289187a7cac17988f3e626e7a774e894d6a7a192c5ca236a4b8abcd1e19bf": _ANI
            | {
                "level_of_theory": "CCSD(T)*/CBS",
                "citation": "Smith et al., Nat. Commun. 10, 2903 (2019), doi:10.1038/s41467-019-10827-4",
                "description": "ANI-1ccx: ANI-1x transferred to coupled cluster; neutral organic molecules of H, C, N, "
                "O in their ground states.",
            },
            "6f28793f2ad65eae00e362847aa95863f3d503a10554fde152ddfba47c5e4c4b": _ANI
            | {
                "level_of_theory": "wB97X/6-31G(d)",
                "citation": "Devereux et al., J. Chem. Theory Comput. 16, 4192 (2020), doi:10.1021/acs.jctc.0c00121",
                "description": "ANI-2x: neutral organic molecules of H, C, N, O, S, F, Cl in their ground states.",
            },
        },
    ),
}
