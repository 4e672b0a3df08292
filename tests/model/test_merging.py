"""Several models merged into one: against peft's functions, hand-worked values, and models that know the answer."""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from samovar.core.errors import ConfigError
from samovar.model.checkpoint import load_model, save_model
from samovar.model.decoder import Decoder
from samovar.model.merge_folders import Merge, merge_models
from samovar.model.merging import dare, linear, slerp, ties
from samovar.model.settings import DecoderSettings

SHAPE = DecoderSettings(
    vocab_size=32, hidden_size=16, intermediate_size=24, num_layers=2, num_heads=2, num_kv_heads=1, head_dim=8,
    max_positions=64,
)  # fmt: skip


def some(*seeds: int) -> list[Tensor]:
    return [torch.randn(12, 10, generator=torch.Generator().manual_seed(seed)) for seed in seeds]


def model_folder(folder: Path, seed: int, settings: DecoderSettings = SHAPE) -> Path:
    torch.manual_seed(seed)
    save_model(Decoder(settings), folder)
    return folder


def test_slerp_on_a_quarter_circle() -> None:
    first, second = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    third = slerp(first, second, 1 / 3)
    assert torch.allclose(third, torch.tensor([math.cos(math.pi / 6), math.sin(math.pi / 6)]))
    assert torch.allclose(slerp(first, 3 * first, 0.5), 2 * first), "along one direction it is the line"
    assert torch.equal(slerp(first, second, 0.0), first)


def test_ties_of_three_numbers_by_hand() -> None:
    base = torch.zeros(3)
    tuned = [torch.tensor([4.0, -1.0, 0.1]), torch.tensor([2.0, 3.0, -5.0])]
    # Two of three are kept: (4, -1, 0) and (0, 3, -5). Signs of the sums: +, +, -. Those that agree: 4; 3; -5.
    merged = ties(base, tuned, (1, 1), density=0.67, scale=2.0)
    assert merged.tolist() == [8.0, 6.0, -10.0]


def test_ties_and_dare_as_peft_merges_adapters() -> None:
    from peft.utils import merge_utils

    base, *tuned = some(0, 1, 2, 3)
    vectors = [weight - base for weight in tuned]
    theirs = merge_utils.ties(vectors, torch.ones(3), density=0.4)
    assert torch.allclose(ties(base, tuned, (1, 1, 1), density=0.4, scale=1.0), base + theirs, atol=1e-6)
    theirs = merge_utils.task_arithmetic(vectors, torch.tensor([0.5, 0.2, 0.1]))
    whole = dare(base, tuned, (0.5, 0.2, 0.1), density=1.0, scale=1.0, generator=torch.Generator())
    assert torch.allclose(whole, base + theirs, atol=1e-6)


@pytest.mark.parametrize("elects_sign", [False, True])
def test_dare_keeps_the_expected_value(elects_sign: bool) -> None:
    base, tuned = torch.zeros(200_000), torch.full((200_000,), 0.3)
    merged = dare(base, [tuned], (1,), density=0.25, scale=1.0, generator=torch.Generator().manual_seed(1),
                  elects_sign=elects_sign)  # fmt: skip
    assert merged.unique().tolist() == pytest.approx([0.0, 1.2])
    assert float(merged.mean()) == pytest.approx(0.3, abs=0.005)


def test_models_meet_in_the_middle_and_at_either_end(tmp_path: Path) -> None:
    first, second = model_folder(tmp_path / "a", 1), model_folder(tmp_path / "b", 2)
    merge_models([first, second], tmp_path / "mean", Merge())
    a, b, mean = (load_model(tmp_path / name).state_dict() for name in ("a", "b", "mean"))
    assert all(torch.allclose(mean[name], linear([a[name], b[name]], (1, 1))) for name in a)
    merge_models([first, second], tmp_path / "end", Merge("slerp", (0, 1)))
    end = load_model(tmp_path / "end").state_dict()
    assert all(torch.allclose(end[name], b[name], atol=1e-6) for name in b)


@pytest.mark.parametrize("method", ["ties", "dare", "dare-ties"])
def test_one_tuned_model_merged_whole_is_itself(tmp_path: Path, method: str) -> None:
    base, tuned = model_folder(tmp_path / "base", 1), model_folder(tmp_path / "tuned", 2)
    merge_models([tuned], tmp_path / "out", Merge(method, density=1.0), base=base)  # type: ignore[arg-type]
    merged, expected = load_model(tmp_path / "out").state_dict(), load_model(tuned).state_dict()
    assert all(torch.allclose(merged[name], expected[name], atol=1e-6) for name in expected)


def test_the_strictest_licence_is_inherited(tmp_path: Path) -> None:
    first, second = model_folder(tmp_path / "a", 1), model_folder(tmp_path / "b", 2)
    (first / "README.md").write_text("---\nlicense: apache-2.0\nbase_model: some/one\n---\n")
    (second / "README.md").write_text("---\nlicense: cc-by-nc-4.0\n---\n")
    merge_models([first, second], tmp_path / "out", Merge())
    card = (tmp_path / "out" / "README.md").read_text()
    assert "license: cc-by-nc-4.0" in card
    assert "apache-2.0" in card


def test_the_licences_of_all_models_go_along(tmp_path: Path) -> None:
    first, second, third = (model_folder(tmp_path / name, seed) for seed, name in enumerate("abc"))
    (first / "README.md").write_text("---\nlicense: mit\n---\n")
    (first / "LICENSE").write_text("The first's own words.")
    (second / "LICENSE").write_text("Other words.")
    (second / "USE_POLICY.md").write_text("Do no harm.")
    (third / "LICENSE").write_text("The first's own words.")
    merge_models([first, second, third], tmp_path / "out", Merge())
    texts = {path.name: path.read_text() for path in (tmp_path / "out").iterdir() if path.name[0] in "LU"}
    assert texts == {
        "LICENSE": "The first's own words.", "LICENSE.2": "Other words.", "USE_POLICY.md": "Do no harm.",
    }  # fmt: skip


def test_what_does_not_belong_together_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    first, second = model_folder(tmp_path / "a", 1), model_folder(tmp_path / "b", 2)
    wide = model_folder(tmp_path / "wide", 3, SHAPE.model_copy(update={"intermediate_size": 32}))
    out = tmp_path / "out"
    for folders, how, base, said in (
        ([first], Merge(), None, "two models or more"),
        ([first, second, wide], Merge("slerp"), None, "slerp merges two models, not 3"),
        ([first, second], Merge("ties"), None, "add --base"),
        ([first, second], Merge(), second, "linear needs no base"),
        ([first, second], Merge(shares=(1.0,)), None, "1 shares for 2 models"),
        ([first, second], Merge(shares=(0.0, 0.0)), None, "do not add up"),
        ([first, second], Merge("ties", density=1.5), first, "density is 1.5"),
        ([first, wide], Merge(), None, "of another shape"),
    ):
        with pytest.raises(ConfigError) as caught:
            merge_models(folders, out, how, base=base)
        assert said in f"{caught.value} {caught.value.hint}"
    for folder, words in ((first, "ab"), (second, "ba")):
        (folder / "tokenizer.json").write_text(f'{{"model": {{"vocab": {{"{words}": 0}}}}, "added_tokens": []}}')
    with pytest.raises(ConfigError, match="another tokenizer"):
        merge_models([first, second], out, Merge())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "wide"]


def test_weights_that_are_not_finite_leave_nothing(tmp_path: Path) -> None:
    first, second = model_folder(tmp_path / "a", 1), tmp_path / "b"
    model = load_model(first)
    model.norm.weight[0] = math.inf
    save_model(model, second)
    with pytest.raises(ConfigError, match=r"model\.norm\.weight has numbers that are not finite"):
        merge_models([first, second], tmp_path / "out", Merge())
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob("*partial*"))
