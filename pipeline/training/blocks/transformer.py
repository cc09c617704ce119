"""Transformer blocks and the vision transformer, with everything the paper lists for it."""

from dataclasses import dataclass, field

from torch import Tensor, nn

from pipeline.training.blocks.attention import PAPER, AttentionSettings, MultiHeadAttention
from pipeline.training.blocks.mixer import InceptionTokenMixer
from pipeline.training.blocks.tokens import PatchEmbedding, num_patches, to_map
from pipeline.training.blocks.weights import initialise_transformer

# A new token mixer is a class and a line here: [b, n, dim] -> the same.
MIXERS = {"attention": MultiHeadAttention, "inception": InceptionTokenMixer}


class FeedForward(nn.Sequential):
    """FFN of equation 28: two linear layers around a GELU. [b, n, dim] -> the same."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__(nn.Linear(dim, hidden), nn.GELU(), nn.Linear(hidden, dim))


class TransformerBlock(nn.Module):
    """Y = X + mix(LN(X)), then H = Y + FFN(LN(Y)) (equation 28). [b, n, dim] -> the same.

    `mixer` is plain attention (the ViT's block) or the Inception token mixer. As printed, the
    second half of the equation lacks its "Y +"; the work it cites (Si et al. 2022) has it, and
    without it three blocks would forget the tokens they start from.
    """

    def __init__(
        self,
        dim: int = 512,
        mlp_ratio: float = 2,
        mixer: str = "attention",
        settings: AttentionSettings = PAPER,
    ) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.mix = MIXERS[mixer](dim, settings)
        self.feed_forward = FeedForward(dim, int(dim * mlp_ratio))

    def forward(self, x: Tensor) -> Tensor:
        y = x + self.mix(self.norm1(x))
        h: Tensor = y + self.feed_forward(self.norm2(y))
        return h


@dataclass(frozen=True)
class ViTSettings:
    """The paper's list of hyper-parameters of its vision transformer, with its values.

    What its four models do without is off: class token (equation 1), sinusoidal positions (8-10),
    `representation_size` (the pre-logits layer), `classes` (the head), `mask`, and the Inception
    token mixer (21-28).
    """

    image_size: int = 14
    patch_size: int = 1
    channels: int = 3
    embed_dim: int = 512
    depth: int = 3
    mlp_ratio: float = 2
    attention: AttentionSettings = field(default_factory=AttentionSettings)
    positions: str = "learned"
    class_token: bool = False
    representation_size: int | None = None
    classes: int | None = None
    mask: bool = False
    mixer: str = "attention"


class VisionTransformer(nn.Module):
    """Patches, positions, pre-norm blocks, LayerNorm, and back to a map (paper, figure 6).

    [b, channels, image_size, image_size] -> [b, embed_dim, side, side], where side is
    image_size / patch_size. With `mask` the map is multiplied by the mask.
    """

    def __init__(self, settings: ViTSettings) -> None:
        super().__init__()
        s = settings
        if s.class_token and s.mixer == "inception":
            raise ValueError("the Inception token mixer works on a map; a class token is not on it")
        self.side = s.image_size // s.patch_size
        self.map_tokens = num_patches(s.image_size, s.patch_size)
        self.embedding = PatchEmbedding(
            s.channels, s.image_size, s.patch_size, s.embed_dim, s.positions, s.class_token
        )
        self.blocks = nn.Sequential(
            *(
                TransformerBlock(s.embed_dim, s.mlp_ratio, s.mixer, s.attention)
                for _ in range(s.depth)
            )
        )
        self.norm = nn.LayerNorm(s.embed_dim)
        self.mask_layer = nn.Linear(s.embed_dim, 1) if s.mask else None
        width = s.representation_size or s.embed_dim
        self.pre_logits = (
            nn.Sequential(nn.Linear(s.embed_dim, width), nn.Tanh())
            if s.representation_size
            else nn.Identity()
        )
        self.head = nn.Linear(width, s.classes) if s.classes else None
        initialise_transformer(self)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.tokens(x)[:, -self.map_tokens :]  # without the class token, if there is one
        if self.mask_layer is not None:
            tokens = tokens * self.mask_layer(tokens).sigmoid()
        return to_map(tokens, self.side, self.side)

    def tokens(self, x: Tensor) -> Tensor:
        """[b, channels, image_size, image_size] -> [b, N (+ 1), embed_dim], normalised."""
        tokens: Tensor = self.norm(self.blocks(self.embedding(x)))
        return tokens

    def mask(self, x: Tensor) -> Tensor:
        """Which patches count, from 0 to 1: [b, 1, side, side]. Learned with the task alone.

        The paper mentions a mask layer "for segmentation" and trains no segmentation.
        """
        if self.mask_layer is None:
            raise ValueError("this transformer was built without a mask layer")
        tokens = self.tokens(x)[:, -self.map_tokens :]
        return to_map(self.mask_layer(tokens).sigmoid(), self.side, self.side)

    def classify(self, x: Tensor) -> Tensor:
        """Logits [b, classes] of the class token, or of the tokens' mean where there is none."""
        if self.head is None:
            raise ValueError("this transformer was built without classes")
        tokens = self.tokens(x)
        summary = tokens[:, 0] if self.embedding.class_token is not None else tokens.mean(dim=1)
        logits: Tensor = self.head(self.pre_logits(summary))
        return logits
