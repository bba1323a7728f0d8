"""If-Match: a change passes for the state that was read, and for no other."""

from __future__ import annotations

import pytest

from shared.http.conditions import require_match
from shared.http.problems import PreconditionFailed


@pytest.mark.parametrize("given", [None, "*", " * ", '"3"', '"2", "3"', '"a,b" ,"3"', '"3",'])
def test_the_state_that_was_read_may_be_changed(given):
    require_match(given, '"3"', "project P-1")


@pytest.mark.parametrize("given", ['"2"', "3", '""', 'W/"3"', '"2","4"', '"3', '"2" "3"', "", "**"])
def test_another_state_may_not(given):
    with pytest.raises(PreconditionFailed, match="project P-1"):
        require_match(given, '"3"', "project P-1")


@pytest.mark.parametrize("given", ["*", '"1"'])
def test_what_is_not_there_matches_nothing(given):
    with pytest.raises(PreconditionFailed, match="does not exist"):
        require_match(given, None, "project P-1")
