"""dbt on its own, pointed at a folder that holds no warehouse."""

from pathlib import Path

import pytest

from extract.home import Home
from tests.dbt_project.running import dbt


def test_it_is_told_once_and_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssertionError) as caught:
        dbt(Home(tmp_path), "build", "--select", "stg_loads", "model_keys")
    said = str(caught.value)
    assert said.count("nothing has been loaded into this warehouse: run `make run`") == 1
    assert "HUBTIDE_HOME" in said
    assert "Catalog Error" not in said
