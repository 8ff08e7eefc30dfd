"""An agent's file: every fault a sentence, and what is written reads as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.definition_files import as_text, read, shipped, shipped_of
from agents.definitions import CategoryDefinition, Definition, differences
from agents.errors import UnfitDefinition

TEXT = """
slug: returns
name: Returns
job: Decide on returns.
metric: The share of returns decided as proposed.
measure: actions
does: [Reads the order.]
does_not: [Pays nothing.]
fallback_queue: care
categories:
  - slug: damaged
    name: Damaged
    description: It came broken.
    queue: care
    is_high_stakes: true
"""


def test_a_file_gives_a_definition() -> None:
    found = read(TEXT)
    assert (found.slug, found.measure, found.does_not) == ("returns", "actions", ("Pays nothing.",))
    assert found.categories == (
        CategoryDefinition(
            slug="damaged",
            name="Damaged",
            description="It came broken.",
            queue="care",
            is_high_stakes=True,
        ),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name: [", "The file is no YAML at line 1."),
        ("- a", "The file holds no fields"),
        ("", "The file holds no fields"),
        ("slug: a\nname: B\ncolour: red", "colour: an agent has no such field."),
        ("slug: a", "name: it is missing."),
        ("slug: a\nname: 7", "name: give a text."),
        ('slug: a\nname: "b\\0"', "name: give a text."),
        ("slug: a b\nname: B", "slug: letters, digits, hyphens and underscores alone."),
        ("slug: a\nname: " + "B" * 81, "name: at most 80 characters."),
        ("slug: a\nname: B\njob: " + "J" * 301, "job: at most 300 characters."),
        ("slug: a\nname: B\nmeasure: smiles", "measure: one of drafts, actions."),
        ("slug: a\nname: B\nmeasure: [drafts]", "measure: one of drafts, actions."),
        ("slug: a\nname: B\ndoes: Reads.", "does: give a list of sentences."),
        ("slug: a\nname: B\ndoes_not: [1]", "does_not: give a list of sentences."),
        ("slug: a\nname: B\ndemo_only: perhaps", "demo_only: true or false."),
        ("slug: a\nname: B\ncategories: all", "categories: give a list of at most 300."),
        ("slug: a\nname: B\ncategories: [one]", "category 1: give its slug, name, description"),
        ("slug: a\nname: B\ncategories: [{slug: c}]", "category 1, queue: it is missing."),
        ("!!python/object/apply:os.system ['true']", "The file is no YAML at line 1."),
    ],
)
def test_every_fault_of_a_file_is_a_sentence(text: str, said: str) -> None:
    with pytest.raises(UnfitDefinition) as caught:
        read(text)
    assert any(fault.startswith(said) for fault in caught.value.faults), caught.value.faults


def test_a_category_is_named_once() -> None:
    category = "{slug: c, name: C, description: D, queue: q}"
    with pytest.raises(UnfitDefinition, match="c is there more than once"):
        read(f"slug: a\nname: B\ncategories: [{category}, {category}]")


lines = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]))
words = lines.map(str.strip).filter(bool)


@given(
    st.builds(
        Definition,
        slug=st.just("one"),
        name=words.filter(lambda text: len(text) <= 80),
        job=lines.map(str.strip),
        measure=st.sampled_from(["drafts", "actions"]),
        does=st.lists(words, max_size=3).map(tuple),
        fallback_queue=st.sampled_from([None, "care"]),
        categories=st.sampled_from(
            [
                None,
                (),
                (
                    CategoryDefinition(
                        slug="c", name="yes", description="007", queue="q", guidance="a:\n- b"
                    ),
                ),
            ]
        ),
    )
)
def test_what_is_written_reads_as_it_was(definition: Definition) -> None:
    assert read(as_text(definition)) == definition


def test_only_what_both_say_is_compared() -> None:
    one = read(TEXT)
    assert differences(one, one) == []
    silent = read("slug: returns\nname: Returns\njob: Decide on all returns.\n" + MEASURED)
    (found,) = differences(one, silent)
    assert (found.label, found.before, found.after) == (
        "Job",
        "Decide on returns.",
        "Decide on all returns.",
    )
    other = read(TEXT.replace("It came broken.", "It came in pieces."))
    (found,) = differences(one, other)
    assert (found.label, found.after) == ("Category damaged", "description: It came in pieces.")


MEASURED = """
metric: The share of returns decided as proposed.
measure: actions
does: [Reads the order.]
does_not: [Pays nothing.]
"""


def test_every_file_that_ships_is_whole() -> None:
    found = {definition.slug: definition for definition in shipped()}
    assert "triage" in found
    assert all(one.job and one.metric and one.does_not for one in found.values())
    assert shipped_of("triage") == found["triage"]
    assert shipped_of("../triage") is None
    assert shipped_of("nobody") is None
