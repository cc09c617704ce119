"""How the `datasets` library spells our columns: in the Arrow schema, and in the card's YAML.

`datasets` decodes a column as an image only when the Arrow schema carries the `huggingface` key,
and gives nested lists back as arrays only when the card says their length. Both are written.
"""

import json
from typing import Any

import pyarrow as pa

from mexlab.emotions import class_names
from mexlab.tables import IMAGE
from mexlab.tablespec import TableSpec

LABEL_CLASSES = {"label": 7, "label3": 3}  # column -> number of named classes


def hub_features(schema: pa.Schema) -> dict[str, dict[str, Any]]:
    """Column -> feature as the `datasets` library spells it in JSON."""
    return {cell.name: _hub_feature(cell) for cell in schema}


def hub_metadata(spec: TableSpec) -> dict[str, str]:
    """The `huggingface` key of a table's Arrow schema."""
    return {"huggingface": json.dumps({"info": {"features": hub_features(spec.schema)}})}


def _hub_feature(cell: "pa.Field[Any]") -> dict[str, Any]:
    if cell.name in LABEL_CLASSES:
        return {"names": list(class_names(LABEL_CLASSES[cell.name])), "_type": "ClassLabel"}
    if cell.type == IMAGE:
        return {"_type": "Image"}
    if isinstance(cell.type, pa.FixedSizeListType):
        item = {"dtype": _hub_dtype(cell.type.value_type), "_type": "Value"}
        return {"feature": item, "length": cell.type.list_size, "_type": "List"}
    return {"dtype": _hub_dtype(cell.type), "_type": "Value"}


def _hub_dtype(kind: pa.DataType) -> str:
    names = {"halffloat": "float16", "float": "float32", "double": "float64"}
    return names.get(str(kind), str(kind))
