"""The rules of EAF 3.0: order of elements, required attributes, references that lead somewhere."""

import re
from datetime import datetime
from xml.etree import ElementTree as ET

from annotate.cli import annotate
from annotate.exchange import eaf_write
from tests.annotate.coded import code, new_study
from tests.annotate.test_exchange_eaf import FULL
from tests.conftest import run_command

# Children in their order, required attributes, optional ones; EAF 3.0 as its description has it.
FORMAT = {
    "ANNOTATION_DOCUMENT": (
        ("LICENSE", "HEADER", "TIME_ORDER", "TIER", "LINGUISTIC_TYPE", "LOCALE", "LANGUAGE",
         "CONSTRAINT", "CONTROLLED_VOCABULARY", "LEXICON_REF", "REF_LINK_SET", "EXTERNAL_REF"),
        {"AUTHOR", "DATE", "VERSION"}, {"FORMAT", eaf_write.XSI},
    ),
    "HEADER": (("MEDIA_DESCRIPTOR", "LINKED_FILE_DESCRIPTOR", "PROPERTY"),
               set(), {"MEDIA_FILE", "TIME_UNITS"}),
    "MEDIA_DESCRIPTOR": ((), {"MEDIA_URL", "MIME_TYPE"},
                         {"RELATIVE_MEDIA_URL", "TIME_ORIGIN", "EXTRACTED_FROM"}),
    "PROPERTY": ((), set(), {"NAME"}),
    "TIME_ORDER": (("TIME_SLOT",), set(), set()),
    "TIME_SLOT": ((), {"TIME_SLOT_ID"}, {"TIME_VALUE"}),
    "TIER": (("ANNOTATION",), {"TIER_ID", "LINGUISTIC_TYPE_REF"},
             {"PARTICIPANT", "ANNOTATOR", "DEFAULT_LOCALE", "PARENT_REF", "EXT_REF", "LANG_REF"}),
    "ANNOTATION": (("ALIGNABLE_ANNOTATION", "REF_ANNOTATION"), set(), set()),
    "ALIGNABLE_ANNOTATION": (("ANNOTATION_VALUE",),
                             {"ANNOTATION_ID", "TIME_SLOT_REF1", "TIME_SLOT_REF2"},
                             {"SVG_REF", "EXT_REF", "LANG_REF", "CVE_REF"}),
    "REF_ANNOTATION": (("ANNOTATION_VALUE",), {"ANNOTATION_ID", "ANNOTATION_REF"},
                       {"PREVIOUS_ANNOTATION", "EXT_REF", "LANG_REF", "CVE_REF"}),
    "ANNOTATION_VALUE": ((), set(), set()),
    "LINGUISTIC_TYPE": ((), {"LINGUISTIC_TYPE_ID"},
                        {"TIME_ALIGNABLE", "CONSTRAINTS", "GRAPHIC_REFERENCES",
                         "CONTROLLED_VOCABULARY_REF", "EXT_REF", "LEXICON_REF"}),
    "LANGUAGE": ((), {"LANG_ID"}, {"LANG_DEF", "LANG_LABEL"}),
    "CONSTRAINT": ((), {"STEREOTYPE"}, {"DESCRIPTION"}),
    "CONTROLLED_VOCABULARY": (("DESCRIPTION", "CV_ENTRY_ML"), {"CV_ID"}, {"EXT_REF"}),
    "DESCRIPTION": ((), {"LANG_REF"}, set()),
    "CV_ENTRY_ML": (("CVE_VALUE",), {"CVE_ID"}, {"EXT_REF"}),
    "CVE_VALUE": ((), {"LANG_REF"}, {"DESCRIPTION"}),
}  # fmt: skip


def check_format(element):
    order, required, optional = FORMAT[element.tag]
    assert required <= set(element.attrib) <= required | optional, element.tag
    places = [order.index(child.tag) for child in element]
    assert places == sorted(places), element.tag
    for child in element:
        check_format(child)


def test_order_attributes_and_references_are_those_of_eaf_3(tmp_path):
    study = new_study(tmp_path / "study")
    (session,) = study.sessions()
    code(session, "anna", 0, FULL)
    code(session, "anna", 1, {"onset": 100})
    code(session, "ben", 0, {**FULL, "apex": 11})
    path = tmp_path / "out.eaf"
    run_command(annotate, "export-codes", study.root, path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<ANNOTATION_DOCUMENT ')
    assert 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' in text
    root = ET.fromstring(text)
    check_format(root)
    assert root.get(eaf_write.XSI) == "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"
    assert (root.get("FORMAT"), root.get("VERSION")) == ("3.0", "3.0")
    assert datetime.fromisoformat(root.get("DATE")).tzinfo is not None
    assert [len(root.findall(tag)) for tag in ("HEADER", "TIME_ORDER")] == [1, 1]
    slots = [int(slot.get("TIME_VALUE")) for slot in root.iter("TIME_SLOT")]
    assert slots == sorted(slots)
    check_references(root)


def check_references(root):
    by = {
        tag: [e.get(name) for e in root.iter(tag)]
        for tag, name in (
            ("TIME_SLOT", "TIME_SLOT_ID"),
            ("TIER", "TIER_ID"),
            ("LINGUISTIC_TYPE", "LINGUISTIC_TYPE_ID"),
            ("CONSTRAINT", "STEREOTYPE"),
            ("CONTROLLED_VOCABULARY", "CV_ID"),
            ("CV_ENTRY_ML", "CVE_ID"),
            ("LANGUAGE", "LANG_ID"),
        )
    }
    by["A"] = [e.get("ANNOTATION_ID") for e in root.iter() if "ANNOTATION_ID" in e.attrib]
    assert all(len(found) == len(set(found)) for found in by.values())
    names = [name for key in ("A", "TIME_SLOT", "CV_ENTRY_ML") for name in by[key]]
    assert all(re.fullmatch(r"[A-Za-z_][\w.-]*", name) for name in names)
    for attribute, kind in (
        ("TIME_SLOT_REF1", "TIME_SLOT"),
        ("TIME_SLOT_REF2", "TIME_SLOT"),
        ("PARENT_REF", "TIER"),
        ("LINGUISTIC_TYPE_REF", "LINGUISTIC_TYPE"),
        ("CONSTRAINTS", "CONSTRAINT"),
        ("CONTROLLED_VOCABULARY_REF", "CONTROLLED_VOCABULARY"),
        ("CVE_REF", "CV_ENTRY_ML"),
        ("LANG_REF", "LANGUAGE"),
        ("ANNOTATION_REF", "A"),
    ):
        used = {e.get(attribute) for e in root.iter() if attribute in e.attrib}
        assert used, attribute
        assert used <= set(by[kind]), attribute
