"""Static files: the one that comes out of a package, and how all are stored."""

from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage, Error
from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage

PLOTLY = "plotly.min.js"


class PlotlyFinder(BaseFinder):
    """Finds the one script of the plotly package that pages use.

    The package is looked up and not imported, which would cost the web process its start; the
    other megabytes beside the script are not served.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        spec = find_spec("plotly")
        folder = Path(spec.origin).parent / "package_data" if spec and spec.origin else Path()
        self.storage = FileSystemStorage(location=folder)
        self.storage.prefix = "plotly"  # type: ignore[attr-defined]

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        if self.storage.exists(PLOTLY):
            return []
        return [Error("The plotly package has no plotly.min.js.", id="countersign.E001")]

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        if path != f"plotly/{PLOTLY}":
            return []
        found = self.storage.path(PLOTLY)
        return [found] if find_all or kwargs.get("find_all") else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterable[Any]:
        yield PLOTLY, self.storage


class StaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Compresses each file once: a name with its content's hash never needs it again.

    Files are collected at every start, and compressing the megabytes anew would delay each by a
    second. No page asks for a name without the hash, so those stay as they are.
    """

    support_js_module_import_aggregation = True  # a module's import names the hashed file
    # Of ours alone: a package's modules import what the package does not ship.
    _js_module_import_aggregation_patterns = (
        "js/*.js",
        CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1],
    )

    def compress_files(self, paths: Iterable[str]) -> Any:
        hashed = set(self.hashed_files.values())
        return super().compress_files(
            path for path in paths if path in hashed and not self.exists(f"{path}.gz")
        )
