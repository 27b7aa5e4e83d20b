"""`basnet-rt query` with transformers: a tiny CLIP and SigLIP say what similarities should be.

How well sentences find actions is out of scope: no released weights were at hand.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_models import make_model
from typer.testing import CliRunner

import basnet_rt
from basnet_rt import BundleError, InvalidValue
from basnet_rt.cli.app import app
from basnet_rt.extractors import extract_features, extractor_from_spec, make_extractor

transformers = pytest.importorskip("transformers", reason="needs the extra hf")
torch = pytest.importorskip("torch")

from basnet_rt.extractors.pretrained.sentences import read_sentences  # noqa: E402

WORDS = ("a", "person", "falls", "runs", "nothing", "happens", "empty", "place")


def with_tokenizer(folder: Path, place: Path) -> Path:
    """A copy of a model's folder with a tokenizer of a few words, as transformers saves it."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import TemplateProcessing

    shutil.copytree(folder, place)
    words = {word: number for number, word in enumerate(WORDS, 2)}
    words |= {"<unk>": 0, "<pad>": 1, "<start>": 62, "<end>": 63}
    tokenizer = Tokenizer(WordLevel(words, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    ends = [("<start>", 62), ("<end>", 63)]
    tokenizer.post_processor = TemplateProcessing(single="<start> $A <end>", special_tokens=ends)
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", pad_token="<pad>"
    ).save_pretrained(place)
    return place


@pytest.mark.parametrize("family", ["clip", "siglip"])
def test_sentences_are_the_vectors_that_the_model_compares_with_pictures(
    family, model_of, tmp_path, video
):
    """Catches hidden states for projected vectors, another padding, features of other lengths."""
    folder = with_tokenizer(model_of(family), tmp_path / family)
    extractor = make_extractor(f"hf:{folder}", normalise=True, output="image")
    read = read_sentences(extractor, ["a person falls", "a person runs"])
    features = extract_features(video, extractor).features
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(read.vectors, axis=1), 1, atol=1e-5)
    model = make_model(family).eval()
    ids = torch.tensor([[62, 2, 3, 4, 63], [62, 2, 3, 5, 63]])
    if family == "siglip":
        ids = torch.nn.functional.pad(ids, (0, 11), value=1)
    with torch.inference_mode():
        made = model.get_text_features(input_ids=ids)
        made = getattr(made, "pooler_output", made).numpy()
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    np.testing.assert_allclose(read.vectors, made, atol=1e-5)
    assert read.scale == pytest.approx(float(model.logit_scale.detach().exp()))
    assert extractor_from_spec(extractor.spec, folder).spec == extractor.spec
    with pytest.raises(InvalidValue, match=r"17 tokens; the model reads 16: shorten it"):
        read_sentences(extractor, ["a " * 15])


def test_a_video_is_queried_and_the_bundle_saved_gives_the_same(model_of, tmp_path, video):
    """Catches a saved bundle that is not the query's, or that cannot be used without it."""
    folder = with_tokenizer(model_of("clip"), tmp_path / "clip")
    found, bundle = tmp_path / "found.json", tmp_path / "falls.safetensors"
    words = ["query", str(video), "a person falls", "a person runs", "--extractor", f"hf:{folder}"]
    asked = CliRunner().invoke(app, [*words, "-o", str(found), "--save", str(bundle)])
    assert asked.exit_code == 0, asked.output
    model = basnet_rt.load(bundle)
    assert model.classes == ("a person falls", "a person runs")
    again = tmp_path / "again.json"
    model = ["-m", str(bundle), "--weights", str(folder)]
    assert (
        CliRunner().invoke(app, ["localize", str(video), *model, "-o", str(again)]).exit_code == 0
    )
    one, two = (json.loads(path.read_text())["results"] for path in (found, again))
    assert one == two
    assert "falls.safetensors" in asked.stderr


def test_a_model_without_text_is_refused(model_of):
    with pytest.raises(BundleError, match="compares no pictures with text; CLIP and SigLIP do"):
        read_sentences(make_extractor(f"hf:{model_of('dinov2')}", normalise=True), ["a"])
