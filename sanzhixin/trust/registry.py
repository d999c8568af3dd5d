"""The registry of models: a folder of ``name/version``, and nothing that leads out of it."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from sanzhixin.errors import ArtifactError
from sanzhixin.scoring.artifact import MODEL_FILE, ModelFile, read_model_file
from sanzhixin.scoring.model_names import is_model_name, is_model_version, version_order

__all__ = ["Registry", "RegistryEntry"]


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """One model of a registry.

    Attributes
    ----------
    folder : Path
        ``name/version`` within the registry.
    file : ModelFile or None
        The model; None when it is refused.
    refused : ArtifactError or None
        Why it is refused.
    """

    folder: Path
    file: ModelFile | None
    refused: ArtifactError | None


@dataclass(frozen=True, slots=True)
class Registry:
    """A folder of models, one folder for each name and version.

    Attributes
    ----------
    root : Path
        The folder.

    Examples
    --------
    >>> Registry(Path("models")).folder("farm-loan", "1.0.0").as_posix()
    'models/farm-loan/1.0.0'
    """

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))

    def folder(self, name: str, version: str) -> Path:
        """Name the folder of a model, whether it exists or not.

        Parameters
        ----------
        name, version : str
            Of the model.

        Returns
        -------
        Path
            ``root/name/version``.

        Raises
        ------
        ArtifactError
            ``registry_name``: a name or version that no model may have, such as one that leads
            out of the registry.
        """
        if not (is_model_name(name) and is_model_version(version)):
            raise ArtifactError("registry_name")
        return self.root / name / version

    def find(self, name: str, version: str) -> Path:
        """Find the folder of a model and make sure that it lies in the registry itself.

        Parameters
        ----------
        name, version : str
            Of the model.

        Returns
        -------
        Path
            The folder.

        Raises
        ------
        ArtifactError
            ``registry_name``; ``model_not_found``; ``registry_link``: a folder or the file is a
            link, or the file has several names, so that it can be changed from elsewhere;
            ``registry_other``: the file states another name or version than its folder.
        """
        self._read(name, version)
        return self.folder(name, version)

    def _read(self, name: str, version: str) -> ModelFile:
        folder = self.folder(name, version)
        for place in (self.root / name, folder, folder / MODEL_FILE):
            _refuse_link(place)
        file = read_model_file(folder)
        if file.model_id != f"{name}/{version}":
            raise ArtifactError("registry_other", path=f"{name}/{version}")
        return file

    def versions(self, name: str) -> tuple[str, ...]:
        """List the versions of a model, the lowest first.

        Parameters
        ----------
        name : str
            Of the model.

        Returns
        -------
        tuple of str
            Empty for a name that is not there.

        Raises
        ------
        ArtifactError
            ``registry_name``.
        """
        if not is_model_name(name):
            raise ArtifactError("registry_name")
        held = _names(self.root / name)
        return tuple(sorted(filter(is_model_version, held), key=version_order))

    def entries(self) -> tuple[RegistryEntry, ...]:
        """List every model, by name and then by version; damaged ones with the reason.

        Returns
        -------
        tuple of RegistryEntry
            Folders that no model may have are left out.
        """
        found = []
        for name in sorted(filter(is_model_name, _names(self.root))):
            for version in self.versions(name):
                folder = self.folder(name, version)
                try:
                    found.append(RegistryEntry(folder, self._read(name, version), None))
                except ArtifactError as error:
                    found.append(RegistryEntry(folder, None, error))
        return tuple(found)


def _names(folder: Path) -> list[str]:
    return [entry.name for entry in os.scandir(folder) if entry.is_dir()] if folder.is_dir() else []


def _refuse_link(place: Path) -> None:
    try:
        found = place.lstat()
    except OSError:
        raise ArtifactError("model_not_found", path=place.name) from None
    is_file = place.name == MODEL_FILE
    expected = stat.S_ISREG(found.st_mode) if is_file else stat.S_ISDIR(found.st_mode)
    if not expected or (is_file and found.st_nlink > 1):
        raise ArtifactError("registry_link", path=place.name)
