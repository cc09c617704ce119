"""`croissant.json`: the dataset described for programs, after Croissant 1.1 and its RAI extension.

Files are named by pattern, not one by one: nobody's pseudonym stands in it, and it stays true when
a subject's two files go. It carries no date, so that the same dataset gives the same file; hashes
of the files stand in manifest.sha256.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa

from mexlab.atomic import write_json
from mexlab.tables import IMAGE
from pipeline.form import statements as say
from pipeline.form.codebook import TABLES, Line, lines
from pipeline.form.header import DatasetHeader

CROISSANT = "croissant.json"
CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
PARQUET = "application/x-parquet"
FILES = {"clips": "clips/*.parquet", "frames": "frames/*.parquet", "splits": "splits.parquet"}
ABOUT = {
    "clips": "One row a clip: a movement of one face, or a stretch without one.",
    "frames": "One row an exported frame of a clip: face crop, optical flow, Action Units.",
    "splits": "Which clip is on which side of which fold; people are never on both.",
}
KEYS = {
    "clips": ("clip_id",),
    "frames": ("clip_id", "frame"),
    "splits": ("protocol", "fold", "clip_id"),
}
_CR = (
    *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field"),
    *("fileObject", "fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset"),
    *("jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex"),
    *("repeated", "replace", "samplingRate", "separator", "source", "subField", "transform"),
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{name: f"cr:{name}" for name in _CR},
}
_TYPES = {"string": "sc:Text", "bool": "sc:Boolean", "halffloat": "cr:Float16"}
_TYPES |= {"float": "cr:Float32", "double": "cr:Float64"}
_TYPES |= {f"int{bits}": f"cr:Int{bits}" for bits in (8, 16, 32, 64)}


def write_croissant(root: Path, header: DatasetHeader) -> None:
    """Write `croissant.json` under `root`."""
    write_json(root / CROISSANT, croissant(header))


def croissant(header: DatasetHeader) -> dict[str, Any]:
    """The JSON-LD document."""
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS_TO),
        "name": say.title(header),
        "description": f"{say.plain(say.permitted(header))} {say.collected(header)}",
        # Semantic versioning lets the contents be told in the build part.
        "version": f"{header.schema_version}.0.0+{header.content_hash[:16] or 'unfinished'}",
        "license": header.licence or f"Consent of the participants; audience: {header.audience}",
        "citeAs": say.citation(header),
        "keywords": ["micro-expressions", "facial action units", "optical flow"],
        "distribution": [
            {
                "@type": "cr:FileSet",
                "@id": f"{name}-files",
                "name": f"{name}-files",
                "description": f"Parquet files of the table {name}.",
                "encodingFormat": PARQUET,
                "includes": pattern,
            }
            for name, pattern in FILES.items()
        ],
        "recordSet": [_record_set(name) for name in TABLES],
        **_responsible(header),
    }


def _record_set(name: str) -> dict[str, Any]:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": ABOUT[name],
        "key": [{"@id": f"{name}/{column}"} for column in KEYS[name]],
        "field": [_field(line) for line in lines() if line.table == name],
    }


def _field(line: Line) -> dict[str, Any]:
    kind = TABLES[line.table].schema.field(line.column).type
    source: dict[str, Any] = {
        "fileSet": {"@id": f"{line.table}-files"},
        "extract": {"column": line.column},
    }
    if kind == IMAGE:
        source["transform"] = {"jsonPath": "bytes"}
    return {
        "@type": "cr:Field",
        "@id": f"{line.table}/{line.column}",
        "name": line.column,
        "description": line.meaning + (f" [{line.unit}]" if line.unit else ""),
        **_data_type(kind),
        "source": source,
    }


def _data_type(kind: pa.DataType) -> dict[str, Any]:
    if kind == IMAGE:
        return {"dataType": "sc:ImageObject"}
    if isinstance(kind, pa.FixedSizeListType):
        item = {"dataType": _TYPES[str(kind.value_type)]}
        return item | {"isArray": True, "arrayShape": str(kind.list_size)}
    return {"dataType": _TYPES[str(kind)]}


def _responsible(header: DatasetHeader) -> dict[str, str | list[str]]:
    """The RAI fields: how it came about, what it may be used for, what it cannot show."""
    texts: dict[str, str | list[str]] = {
        "dataCollection": say.collected(header),
        "dataCollectionType": ["Experiment", "Secondary data" if header.licence else "Self-report"],
        "dataCollectionMissingData": f"{len(header.exclusions)} sessions, scenes or rows were left "
        "out; dataset.json and README.md list each with its reason.",
        "dataCollectionRawData": "The recordings are not part of the dataset; source_frame leads "
        "back to them.",
        "dataImputationProtocol": "Nothing is imputed. Where no recorded frame is near, the "
        "nearest one is repeated, and flagged as such.",
        "dataPreprocessingProtocol": [say.processed(header)],
        "dataAnnotationProtocol": [say.annotated(header)],
        "annotationsPerItem": "The column coders counts the people who coded a clip.",
        "machineAnnotationTools": [say.action_units(header)],
        "dataUseCases": list(say.USES),
        "dataLimitations": list(say.LIMITS),
        "dataBiases": list(say.BIASES),
        "dataSocialImpact": say.IMPACT,
        "personalSensitiveInformation": [*say.SENSITIVE, say.consented(header)],
        "dataReleaseMaintenancePlan": say.MAINTENANCE,
    }
    return {
        f"rai:{name}": say.plain(text) if isinstance(text, str) else [*map(say.plain, text)]
        for name, text in texts.items()
    }
