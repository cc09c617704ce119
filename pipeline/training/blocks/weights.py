"""First values of the weights, and which of them are not drawn towards zero."""

from typing import Any

from torch import nn

STANDARD_DEVIATION = 0.02


def initialise_transformer(module: nn.Module) -> None:
    """Linear layers, class token and learned positions from a truncated normal, norms at identity.

    The paper asks for functions that set linear and normalisation layers and gives no values; these
    are those of the vision transformer it cites (Dosovitskiy et al. 2020).
    """
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.trunc_normal_(part.weight, std=STANDARD_DEVIATION)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, nn.LayerNorm):
            nn.init.ones_(part.weight)
            nn.init.zeros_(part.bias)
    for name, parameter in module.named_parameters():
        if name.rpartition(".")[2] in ("positions", "class_token"):
            nn.init.trunc_normal_(parameter, std=STANDARD_DEVIATION)


def no_weight_decay(model: nn.Module) -> frozenset[str]:
    """Names of the parameters that weight decay leaves alone.

    Biases, the scales of norms (both one-dimensional), positions and the class token: drawing
    these to zero does not make a simpler function.
    """
    return frozenset(
        name
        for name, parameter in model.named_parameters()
        if parameter.ndim < 2 or name.rpartition(".")[2] in ("positions", "class_token")
    )


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Two groups for an optimiser: with `weight_decay`, and without."""
    spared = no_weight_decay(model)
    named = list(model.named_parameters())
    return [
        {"params": [p for name, p in named if name not in spared], "weight_decay": weight_decay},
        {"params": [p for name, p in named if name in spared], "weight_decay": 0.0},
    ]
