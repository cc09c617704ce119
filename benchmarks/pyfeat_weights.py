"""Weights for py-feat's detectors with their true architectures and random values.

They find no faces and score no expressions: whatever comes out of them tells only that everything
is connected. Biases of the last layers put a face-sized box and a face-shaped set of landmarks into
every picture, since py-feat's geometry has no answer for points that fall together.
"""

import csv
import functools
import json
from pathlib import Path

import numpy as np

from mexlab.installed import package_file

REVISION = "0" * 40


def hub_path(folder: Path, repo: str, name: str) -> Path:
    """Where the hub's cache keeps a file of py-feat/`repo`, ready to be written."""
    root = folder / f"models--py-feat--{repo}"
    for made in (root / "refs", root / "snapshots" / REVISION):
        made.mkdir(parents=True, exist_ok=True)
    (root / "refs" / "main").write_text(REVISION)
    return root / "snapshots" / REVISION / name


def write_detector_v1(folder: Path) -> None:
    """All that Detectorv1 loads, a few MB: large arrays share one small storage."""
    import torch
    from feat.emo_detectors.ResMaskNet.resmasknet_test import resmasking_dropout1
    from feat.landmark_detectors.mobilefacenet_test import MobileFaceNet
    from feat.utils.face_pose_mlp import PoseMLP
    from safetensors.torch import save_file

    torch.manual_seed(0)
    write_faces(folder)
    landmarks = MobileFaceNet([112, 112], 136).state_dict()
    landmarks["output_layer.bn.weight"] *= 1e-3
    landmarks["output_layer.bn.bias"].copy_(torch.tensor(face_points().ravel()))
    path = hub_path(folder, "mobilefacenet", "mobilefacenet_model_best.pth.tar")
    torch.save({"state_dict": landmarks}, path)
    with torch.device("meta"):
        emotions = resmasking_dropout1()
    torch.save({"net": _thrifty(emotions)}, hub_path(folder, "resmasknet", RESMASKNET))
    settings = {"in_channels": 3, "num_classes": 7}
    hub_path(folder, "resmasknet", "config.json").write_text(json.dumps(settings))
    save_file(PoseMLP().state_dict(), hub_path(folder, "pose_mlp_v2", "pose_mlp_v2.safetensors"))
    spread = {"mean": [0.0] * 6, "std": [0.2] * 6}
    meta = {"hidden": [512, 256, 128], "dropout": 0.15, "output_normalization": spread}
    path = hub_path(folder, "pose_mlp_v2", "pose_mlp_v2.json")
    path.write_text(json.dumps({"architecture": meta}))
    write_au_models(hub_path(folder, "xgb_au", "xgb_au_classifier_v2.skops"))


RESMASKNET = "ResMaskNet_Z_resmasking_dropout1_rot30.pth"


def write_detector_v2(folder: Path) -> None:
    """All that Detectorv2 loads; its settings are those its source names for the shipped model."""
    import torch
    from feat.multitask.model_v2 import MEGraphAUv2, ModelV2Config
    from safetensors.torch import save_file

    torch.manual_seed(0)
    write_faces(folder)
    settings = {"n_au": 20, "n_emotion": 7, "n_blendshape": 52, "mesh_normalized": True}
    settings |= {"drop_mefl": True, "use_head_v3": True, "emotion_use_au_prob": True}
    model = MEGraphAUv2(ModelV2Config(**settings, pretrained=False))
    path = hub_path(folder, "face_multitask_v2", "face_multitask_v28.safetensors")
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(state, path, metadata={"config": json.dumps(settings)})


def write_faces(folder: Path) -> None:
    """RetinaFace whose anchors of 512 px are faces, all others are not: a handful a picture."""
    import torch
    from feat.face_detectors.Retinaface.Retinaface_model import RetinaFace
    from safetensors.torch import save_file

    state = RetinaFace().state_dict()
    background, face = (5.0, -5.0), (-1.0, 1.0)
    for level in range(3):
        for head in ("Class", "Bbox"):
            state[f"{head}Head._convs.{level}.weight"] *= 1e-3
        kinds = background + (face if level == 2 else background)
        state[f"ClassHead._convs.{level}.bias"] = torch.tensor(kinds)
    save_file(state, hub_path(folder, "retinaface_r34", "model.safetensors"))


def write_au_models(path: Path) -> None:
    """Scalers, PCAs and one XGBoost model of 100 trees for each AU, fitted to noise."""
    import skops.io
    import xgboost
    from feat.au_detectors.StatLearning.SL_test import XGBClassifier
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(0)
    parts = {}
    for region in ("upper", "lower", "full"):
        hogs = random.random((12, 8 * 13 * 13 * 4), dtype=np.float32)  # orientations, cells, blocks
        parts[f"scaler_{region}"] = StandardScaler().fit(hogs)
        parts[f"pca_model_{region}"] = PCA(8).fit(hogs)
    model = XGBClassifier()
    labels = np.arange(20) % 2
    parts["classifiers"] = {
        au: xgboost.XGBClassifier(n_estimators=100, max_depth=3, n_jobs=1).fit(
            random.random((20, 8 + 136)), labels
        )
        for au in model.au_keys
    }
    model.load_weights(**parts)
    skops.io.dump(model, path)


def face_points() -> np.ndarray:
    """float32 (68, 2) in [0, 1] of a face crop, from the neutral face that py-feat carries."""
    with package_file("feat", "resources", "neutral_face_coordinates.csv").open() as file:
        rows = list(csv.DictReader(file))
    points = np.array([[float(row["x"]), float(row["y"])] for row in rows], np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    return (0.15 + 0.7 * (points - low) / (high - low)).astype(np.float32)


def _thrifty(model):
    """A model's state without its 570 MB: every array looks at the same few random numbers."""
    import torch

    random = torch.randn(80_000)
    scaled = functools.cache(lambda scale: random * scale)
    state = {}
    for name, value in model.state_dict().items():
        if not value.is_floating_point():
            state[name] = torch.zeros(value.shape, dtype=value.dtype)
        elif name.endswith("running_var") or (value.dim() == 1 and name.endswith("weight")):
            state[name] = torch.full(value.shape, 1.0 if "running" in name else 0.3)
        elif value.dim() == 1:
            state[name] = torch.zeros(value.shape)
        else:
            scale = 1e-3 if name.startswith("fc.") else (2 / value[0].numel()) ** 0.5
            strides = (61, 7, 3, 1)[: value.dim()]
            state[name] = scaled(scale).as_strided(value.shape, strides)
    return state
