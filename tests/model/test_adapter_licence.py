"""The terms of a base go along with an adapter, and those of an adapter with what it is merged into."""

from __future__ import annotations

from pathlib import Path

from samovar.model.adapters.folders import merge_folders
from samovar.model.adapters.peft_folder import save_adapter
from samovar.model.adapters.settings import AdapterSettings
from samovar.model.card import licence_files, read_card
from tests.model.foreign_models import write_front_matter
from tests.model.test_adapters import folders


def test_the_bases_licence_goes_along_and_the_adapters_holds_for_the_merged(tmp_path: Path) -> None:
    settings = AdapterSettings(rank=4)
    model, base, adapter = folders(tmp_path, settings)
    assert read_card(adapter) is None, "a model of one's own has no card"
    write_front_matter(base, license="apache-2.0", base_model="tea/base")
    (base / "LICENSE").write_text("Apache's text.")
    save_adapter(model, tmp_path / "with card", settings, base=base)
    assert (tmp_path / "with card" / "LICENSE").read_text() == "Apache's text."
    merge_folders(base, tmp_path / "with card", tmp_path / "free")
    assert (tmp_path / "free" / "README.md").read_bytes() == (base / "README.md").read_bytes()
    write_front_matter(adapter, license="cc-by-nc-4.0")
    (adapter / "LICENSE").write_text("Creative Commons' text.")
    merge_folders(base, adapter, tmp_path / "bound")
    card = read_card(tmp_path / "bound")
    assert card is not None
    assert (card.base_model, card.terms.kind) == ("tea/base", "non-commercial")
    assert [licence.id for licence in card.terms.licences] == ["cc-by-nc-4.0", "apache-2.0"]
    assert sorted(path.name for path in licence_files(tmp_path / "bound")) == ["LICENSE", "LICENSE.2"]
