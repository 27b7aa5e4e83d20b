"""Sentences as vectors that an image-text model of transformers compares with its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from basnet_rt._errors import BundleError, InvalidValue
from basnet_rt._system.extras import from_extra
from basnet_rt.extractors.pretrained.extractor import why
from basnet_rt.extractors.pretrained.hf import HfExtractor


@dataclass(frozen=True)
class Sentences:
    """Vectors of sentences.

    Attributes:
        vectors: (N, F) float32, of unit length; F is that of the extractor's features.
        scale: the factor that the model was trained to multiply cosines with, before a softmax or a
            sigmoid.
    """

    vectors: np.ndarray
    scale: float


def read_sentences(extractor: HfExtractor, texts: Sequence[str]) -> Sentences:
    """Give sentences to the text half of the extractor's model.

    Raises:
        BundleError: the model has no text half, or its folder no tokenizer.
        ValueError: a sentence is longer than the model reads.
    """
    torch = from_extra("torch", "torch", "a query")
    module = extractor.module
    if not hasattr(module, "get_text_features"):
        raise BundleError(
            f"{extractor.folder}: {type(module).__name__} compares no pictures with text; CLIP and "
            "SigLIP do"
        )
    tokens = _tokens(extractor, list(texts))
    with torch.inference_mode():
        made = module.get_text_features(**{k: v.to(module.device) for k, v in tokens.items()})
        made = getattr(made, "pooler_output", made)  # of later versions of transformers
        vectors = torch.nn.functional.normalize(made.float(), dim=1).cpu().numpy()
        scale = float(module.logit_scale.float().exp())
    return Sentences(vectors, scale)


def _tokens(extractor: HfExtractor, texts: list[str]) -> Any:
    """Padded as the model was trained: SigLIP saw every text at full length, padding included."""
    library = from_extra("transformers", "hf", "a query")
    try:
        tokenizer = library.AutoTokenizer.from_pretrained(
            str(extractor.folder), local_files_only=True, trust_remote_code=False
        )
    except Exception as error:
        raise BundleError(f"{extractor.folder}: no tokenizer: {why(error)}") from error
    config = extractor.module.config
    longest = int(config.text_config.max_position_embeddings)
    for text, ids in zip(texts, tokenizer(texts)["input_ids"], strict=True):
        if len(ids) > longest:
            raise InvalidValue(
                f"sentence {text!r}: {len(ids)} tokens; the model reads {longest}: shorten it"
            )
    full = str(config.model_type).startswith("siglip")
    padding: Any = {"padding": "max_length", "max_length": longest} if full else {"padding": True}
    made = tokenizer(texts, **padding, return_tensors="pt")
    return {name: made[name] for name in ("input_ids", *(() if full else ("attention_mask",)))}
