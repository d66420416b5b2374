"""Who may be asked: nobody until a person's own configuration says so in every part."""

from pathlib import Path
from typing import Any

import pytest

from daydream.clients.llm_cassette import Exchange, Recorder, digest_of, read_cassette, without_key
from daydream.clients.llm_gate import Gate, gate, recorded_to, replayed_from
from daydream.config.load import load
from daydream.config.model import ModelOptions
from daydream.errors import ConfigError

FULL = {"base_url": "https://openrouter.ai/api/v1", "send_source": True, "budget": 0.5}
FOUND = dict.fromkeys(
    ("OPENROUTER_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY", "DAYDREAM_MODELS_KEY"), "sk-found"
)


def gated(root: Path, env: dict[str, str] | None = None, replay: bool = False, **endpoint: Any) -> Gate:
    chosen = ModelOptions(default=("or/x/y:free",), endpoints={"or": {**FULL, **endpoint}})
    return gate(chosen, {"DAYDREAM_MODELS_KEY": "sk-mine"} if env is None else env, root, replay=replay)


def test_every_known_key_in_the_environment_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_text("DAYDREAM_MODELS_KEY=sk-x\n")
    found = gate(ModelOptions(), FOUND, tmp_path)
    assert not found.open
    assert found.off == ()


def test_the_whole_of_it_opens(tmp_path: Path) -> None:
    found = gated(tmp_path)
    assert found.open
    [member] = found.members["judge"]
    assert (member.name, member.model, member.endpoint.key) == ("or/x/y:free", "x/y:free", "sk-mine")
    assert found.limits.money == {"or": 500_000_000}
    assert "sk-mine" not in repr(found)


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        ({"send_source": False}, "send_source = true"),
        ({"budget": 0.0}, "its budget is 0"),
        ({"base_url": "http://openrouter.ai/api/v1"}, "must begin with https://"),
        ({"base_url": "https://key@openrouter.ai"}, "must look like"),
        ({"base_url": "openrouter"}, "must look like"),
        ({"key_env": "OTHER"}, "OTHER is not set"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, endpoint: dict[str, Any], said: str) -> None:
    found = gated(tmp_path, **endpoint)
    assert not found.open
    assert said in found.off[0]


def test_a_model_of_an_endpoint_that_does_not_exist_is_told(tmp_path: Path) -> None:
    chosen = ModelOptions(default=("nowhere/x", "or", "or/m", "or/m"), endpoints={"or": FULL})
    found = gate(chosen, {"DAYDREAM_MODELS_KEY": "k"}, tmp_path)
    assert [member.name for member in found.members["relax"]] == ["or/m"]
    assert len(found.off) == 2
    nobody = gate(ModelOptions(endpoints={"or": FULL}), {"DAYDREAM_MODELS_KEY": "k"}, tmp_path)
    assert "no role names a model" in nobody.off[0]


def test_each_role_has_its_own_order(tmp_path: Path) -> None:
    chosen = ModelOptions(default=("or/a",), judge=("or/c", "or/b"), endpoints={"or": FULL})
    found = gate(chosen, {"DAYDREAM_MODELS_KEY": "k"}, tmp_path)
    assert [member.model for member in found.members["relax"]] == ["a"]
    assert [member.model for member in found.members["judge"]] == ["c", "b"]


def test_a_local_endpoint_needs_no_key_and_may_be_free(tmp_path: Path) -> None:
    found = gated(tmp_path, {}, base_url="http://localhost:11434/v1", budget=0.0, free=True)
    assert found.open
    assert found.members["relax"][0].endpoint.key is None


def test_a_router_is_told_not_to_collect_unless_a_person_says_otherwise(tmp_path: Path) -> None:
    extra = gated(tmp_path).members["relax"][0].endpoint.extra
    assert extra == {"provider": {"data_collection": "deny", "require_parameters": True}}
    said = {"provider": {"data_collection": "allow", "zdr": True}, "seed": 1}
    extra = gated(tmp_path, extra=said).members["relax"][0].endpoint.extra
    assert extra == {
        "provider": {"data_collection": "allow", "require_parameters": True, "zdr": True},
        "seed": 1,
    }
    assert gated(tmp_path, base_url="https://notopenrouter.ai/v1").members["relax"][0].endpoint.extra == {}


KEY_FILES = {
    "DAYDREAM_MODELS_KEY=sk-1\n": "sk-1",
    "# a\nOPENROUTER_API_KEY=no\r\nexport DAYDREAM_MODELS_KEY = 'sk-2'\r\n": "sk-2",
    'DAYDREAM_MODELS_KEY="sk=3"': "sk=3",
    "XDAYDREAM_MODELS_KEY=no\n": None,
    "DAYDREAM_MODELS_KEY=\n": None,
    "\x00\xff binary": None,
}


@pytest.mark.parametrize(("text", "key"), KEY_FILES.items(), ids=range(len(KEY_FILES)))
def test_our_own_key_is_read_from_the_roots_file_of_variables(
    tmp_path: Path, text: str, key: str | None
) -> None:
    (tmp_path / ".env.local").write_bytes(text.encode("latin-1"))
    found = gated(tmp_path, {})
    assert (found.members["relax"][0].endpoint.key if found.open else None) == key


def test_nobody_elses_variable_is_read_from_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env.local").write_text("OPENROUTER_API_KEY=sk-theirs\n")
    assert not gated(tmp_path, {}, key_env="OPENROUTER_API_KEY").open
    assert gated(tmp_path, {"OPENROUTER_API_KEY": "sk-named"}, key_env="OPENROUTER_API_KEY").open


def test_a_key_that_is_none_and_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    found = gated(tmp_path, {"DAYDREAM_MODELS_KEY": "sk secret\n"})
    assert "holds spaces" in found.off[0]
    assert "secret" not in found.off[0]
    (tmp_path / ".env.local").mkdir()
    assert "is not set" in gated(tmp_path, {}).off[0]


def test_a_repository_may_switch_off_and_exclude_but_open_nothing(tmp_path: Path) -> None:
    person, root = tmp_path / "config.toml", tmp_path / "root"
    root.mkdir()
    endpoint = (
        '[models.endpoints.or]\nbase_url = "https://openrouter.ai/api/v1"\nsend_source = true\nbudget = 1\n'
    )
    person.write_text('[models]\ndefault = ["or/m"]\nexclude = ["a/**"]\n' + endpoint)
    (root / "daydream.toml").write_text('[models]\nenabled = false\nexclude = ["b/**"]\nrequests = 3\n')
    models = load(root, person, {}, {}).config.models
    assert (models.exclude, models.requests) == (("b/**", "a/**"), 3)
    assert not gate(models, {"DAYDREAM_MODELS_KEY": "k"}, root).open
    for text in (endpoint, '[models]\ndefault = ["or/x"]\n', "[models]\nrequests = 1000\n"):
        (root / "daydream.toml").write_text(text)
        with pytest.raises(ConfigError):
            load(root, person, {}, {})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("budgt = 1", 'unknown key "budgt"'),
        ('budget = "1"', "budget: Input should be a valid number"),
        ("budget = -1", "budget: Input should be greater"),
        ("budget = inf", "budget: Input should be a finite number"),
        ('send_source = "yes"', "send_source: Input should be a valid boolean"),
        ("extra = {models = []}", "extra: a table without models"),
        ("prices = {m = [1]}", "prices.m: List should have at least 2"),
        ('structured = "yaml"', "structured: Input should be 'native'"),
    ],
)
def test_a_wrong_endpoint_is_refused_in_one_sentence(tmp_path: Path, line: str, said: str) -> None:
    person = tmp_path / "config.toml"
    person.write_text(f'[models.endpoints.or]\nbase_url = "https://x.example"\n{line}\n')
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, person, {}, {})
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_variable_names_an_endpoint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no variable names one"):
        load(tmp_path, None, {}, {"DAYDREAM_MODELS_ENDPOINTS": "https://evil.example", "HOME": str(tmp_path)})


def test_a_name_of_an_endpoint_is_plain(tmp_path: Path) -> None:
    person = tmp_path / "config.toml"
    person.write_text('[models.endpoints."a/b"]\nbase_url = "https://x.example"\n')
    with pytest.raises(ConfigError, match="a name is letters"):
        load(tmp_path, person, {}, {})


def test_cassettes_are_named_by_absolute_paths() -> None:
    assert replayed_from({}) is None
    assert recorded_to({"DAYDREAM_MODELS_RECORD": "/tmp/x"}) == Path("/tmp/x")
    with pytest.raises(ConfigError, match="absolute"):
        replayed_from({"DAYDREAM_MODELS_CASSETTE": "x"})


def test_a_cassette_that_cannot_be_replayed_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="which is no file"):
        read_cassette(tmp_path)
    (tmp_path / "c").write_bytes(b'{"digest":"d","endpoint":"e","model":"m","body":"{}"}\n{"digest"\n')
    with pytest.raises(ConfigError, match=r"c:2 is no recorded exchange"):
        read_cassette(tmp_path / "c")
    with pytest.raises(ConfigError, match=r"c:2"):
        Recorder(tmp_path / "c")


def test_a_recorder_adds_each_exchange_once(tmp_path: Path) -> None:
    exchange = Exchange("d", "e", "m", "{}")
    for _ in range(2):
        recorder = Recorder(tmp_path / "c")
        recorder.add(exchange)
        recorder.add(exchange)
    assert read_cassette(tmp_path / "c") == {"d": exchange}
    assert len((tmp_path / "c").read_bytes().splitlines()) == 1


def test_a_digest_follows_from_where_what_and_which_repeat() -> None:
    one = digest_of("https://a", {"x": 1, "y": 2}, 0)
    assert one == digest_of("https://a", {"y": 2, "x": 1}, 0)
    assert (
        len({one, digest_of("https://b", {"x": 1, "y": 2}, 0), digest_of("https://a", {"x": 1, "y": 2}, 1)})
        == 3
    )


def test_a_key_is_taken_out_however_json_writes_it() -> None:
    assert without_key('say sk-"1 and sk-\\"1', 'sk-"1') == "say [secret] and [secret]"
    assert without_key("same", None) == "same"
