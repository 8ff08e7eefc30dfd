"""Names of files that strangers chose: made harmless, and told what they stand for. Pure."""

import unicodedata
from typing import Literal

LONGEST_NAME = 120
LONGEST_ENDING = 20
NAMELESS = "file"
# What is not seen, turns the reading direction, or breaks a line.
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}

Risk = Literal["", "program", "macros", "page"]

KINDS = {
    "PDF": "pdf",
    "Image": "png jpg jpeg gif webp heic heif bmp tif tiff avif",
    "Drawing": "svg",
    "Text": "txt log md csv tsv json xml yaml yml ics vcf eml msg rtf",
    "Document": "doc docx odt pages",
    "Spreadsheet": "xls xlsx ods numbers",
    "Slides": "ppt pptx odp",
    "Archive": "zip gz tgz tar 7z rar bz2 xz zst",
    "Video": "mp4 mov m4v avi mkv webm",
    "Sound": "mp3 m4a wav ogg opus flac aac",
    "Web page": "html htm xhtml mht mhtml shtml",
    "Document with macros": "docm dotm xlsm xltm xlsb pptm potm ppam xlam",
    "Disk image": "iso img dmg vhd vhdx",
    "Program": (
        "exe msi msix appx com scr pif cpl bat cmd ps1 psm1 vbs vbe js jse mjs wsf wsh hta lnk "
        "url jar apk app deb rpm sh bash run py rb pl php dll sys reg gadget inf scf command "
        "workflow chm xll"
    ),
}
RISKS: dict[str, Risk] = {
    "Program": "program",
    "Disk image": "program",
    "Document with macros": "macros",
    "Web page": "page",
    "Drawing": "page",
}
_KIND_OF = {ending: kind for kind, endings in KINDS.items() for ending in endings.split()}


def cleaned(name: str) -> str:
    """Return a name of one line without folders or unseen characters; it keeps its ending."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = "".join(letter for letter in last if unicodedata.category(letter) not in UNSEEN)
    # Windows drops dots and spaces at a name's end, and so would show another ending.
    tidy = " ".join(seen.split()).strip(". ")
    if len(tidy) > LONGEST_NAME:
        stem, dot, ending = tidy.rpartition(".")
        tail = f"{dot}{ending}" if dot and len(ending) <= LONGEST_ENDING else ""
        tidy = (stem if tail else tidy)[: LONGEST_NAME - len(tail) - 1].rstrip(". ") + "…" + tail
    return tidy or NAMELESS


def kind(name: str) -> str:
    """Return what the file is by its ending: `PDF`, `Image (PNG)`, `Program (EXE)`, `File`."""
    ending = _ending(name)
    found = _KIND_OF.get(ending, "File")
    if found == "PDF" or not ending or len(ending) > 5 or not ending.isascii():
        return found
    return f"{found} ({ending.upper()})"


def risk(name: str) -> Risk:
    """Return what opening it could set off, empty for what is only looked at."""
    return RISKS.get(_KIND_OF.get(_ending(name), ""), "")


def _ending(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return ending.casefold() if dot and stem else ""
