"""Configuration is read from where it may come from, says where it came from, and refuses the rest."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from daydream.config.load import Loaded, digest, load, raw_paths, user_file
from daydream.errors import ConfigError


class Place:
    """A repository and a person's home, both empty."""

    def __init__(self, base: Path) -> None:
        self.root = base / "repo"
        self.home = base / "home"
        self.user = self.home / ".config" / "daydream" / "config.toml"
        self.root.mkdir()
        self.user.parent.mkdir(parents=True)

    def person(self, text: str) -> None:
        self.user.write_text(text, encoding="utf-8")

    def repository(self, text: str, name: str = "daydream.toml") -> None:
        (self.root / name).write_text(text, encoding="utf-8")

    def load(
        self, *, config: Path | None = None, flags: Mapping[str, object] | None = None, **env: str
    ) -> Loaded:
        return load(self.root, config, flags or {}, {"HOME": str(self.home), **env})

    def refusal(
        self, *, config: Path | None = None, flags: Mapping[str, object] | None = None, **env: str
    ) -> str:
        with pytest.raises(ConfigError) as caught:
            self.load(config=config, flags=flags, **env)
        assert "\n" not in str(caught.value)
        return str(caught.value)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_with_nothing_written_every_value_is_a_default(place: Place) -> None:
    loaded = place.load()
    assert loaded.config.night.budget == 3600
    assert set(loaded.origin.values()) == {"default"}


def test_later_sources_win_and_are_named(place: Place) -> None:
    place.person(
        f'[night]\nbudget = "50m"\nzone = "UTC"\n[repositories."{place.root}".night]\nmax_age = "1d"\n'
    )
    place.repository('[night]\nbudget = "40m"\n[tasks]\nstale_days = 7\n')
    loaded = place.load(flags={"night.mode": "apply"}, DAYDREAM_NIGHT_BUDGET_TERMINAL="5m")
    assert loaded.config.night.model_dump() == {
        "mode": "apply",
        "zone": "UTC",
        "budget": 2400.0,
        "budget_terminal": 300.0,
        "max_age": 86400.0,
        "dreams": True,
    }
    origin = loaded.origin
    assert origin["night.zone"] == origin["night.max_age"] == str(place.user)
    assert origin["night.budget"] == origin["tasks.stale_days"] == "daydream.toml"
    assert origin["night.budget_terminal"] == "DAYDREAM_NIGHT_BUDGET_TERMINAL"
    assert origin["night.mode"] == "--mode"
    assert origin["night.dreams"] == "default"


def test_xdg_config_home_moves_the_persons_file_unless_relative() -> None:
    assert user_file({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}) == Path("/x/daydream/config.toml")
    assert user_file({"XDG_CONFIG_HOME": "x", "HOME": "/h"}) == Path("/h/.config/daydream/config.toml")


def test_tables_for_another_repository_are_left_alone(place: Place) -> None:
    place.person('[repositories."/elsewhere".night]\nmode = "apply"\nbugdet = 1\n')
    assert place.load().config.night.mode == "report"


def test_a_repository_is_recognised_through_links_and_a_tilde(place: Place, tmp_path: Path) -> None:
    (place.home / "link").symlink_to(place.root)
    place.person('[repositories."~/link".night]\nmode = "apply"\n')
    assert place.load().config.night.mode == "apply"


def test_pyproject_may_configure_instead(place: Place) -> None:
    place.repository('[tool.daydream.docs]\nexclude = ["old/"]\n', "pyproject.toml")
    loaded = place.load()
    assert loaded.config.docs.exclude == ("old/",)
    assert loaded.origin["docs.exclude"] == "pyproject.toml [tool.daydream]"


def test_two_repository_files_are_one_too_many(place: Place) -> None:
    place.repository("[tool.daydream.docs]\n", "pyproject.toml")
    place.repository("")
    assert (
        place.refusal()
        == "daydream.toml and pyproject.toml [tool.daydream] both configure daydream; keep one of them"
    )


def test_a_broken_pyproject_that_does_not_configure_us_is_the_repositorys_own_matter(place: Place) -> None:
    place.repository("[project\n", "pyproject.toml")
    assert place.load().config.night.budget == 3600


def test_a_broken_pyproject_that_configures_us_is_refused_with_its_line(place: Place) -> None:
    place.repository("[tool.daydream.night]\nbudget = \n", "pyproject.toml")
    assert place.refusal().startswith("pyproject.toml:2: not valid TOML: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[night]\nbugdet = "1h"\n',
            'daydream.toml: unknown key "night.bugdet"; did you mean "night.budget"?',
        ),
        ('[nigth]\nmode = "report"\n', 'daydream.toml: unknown key "nigth.mode"; did you mean "night.mode"?'),
        ('mode = "report"\n', 'daydream.toml: unknown key "mode"; did you mean "night.mode"?'),
        ("night = 3\n", 'daydream.toml: "night" is a table; write [night] and its options below'),
        ("[zzzz]\n", 'daydream.toml: unknown table "zzzz"; docs/configuration.md lists them all'),
        (
            "[tasks]\nstale_days = true\n",
            'daydream.toml: "tasks.stale_days" is true, expected a whole number, at least 1',
        ),
        (
            "[tasks]\nstale_days = 0\n",
            'daydream.toml: "tasks.stale_days" is 0, expected a whole number, at least 1',
        ),
        ('[docs]\nexclude = "old/"\n', 'daydream.toml: "docs.exclude" is "old/", expected a list of texts'),
        ("[docs]\nexclude = [1]\n", 'daydream.toml: "docs.exclude" is [1], expected a list of texts'),
        ('[docs]\nexclude = [""]\n', 'daydream.toml: "docs.exclude" is [""], expected a list of texts'),
        (
            '[judge]\norder = ["clod"]\n',
            'daydream.toml: "judge.order" is ["clod"], expected a list of "claude", "messages" and "model"',
        ),
        (
            "[trials]\ninputs = 100_000_000\n",
            'daydream.toml: "trials.inputs" is 100000000, expected a whole number, at least 10, at most 10000',
        ),
        (
            "[sandbox]\nmemory_mb = 99_999_999_999_999\n",
            'daydream.toml: "sandbox.memory_mb" is 99999999999999, expected a whole number, at least 64, at most 1048576',
        ),
        (
            '[night]\nmode = "aply"\n',
            'daydream.toml: "night.mode" is "aply", expected one of "report", "propose", "apply"',
        ),
        (
            "[night]\nmode.x = 1\n",
            'daydream.toml: "night.mode" is a table, expected one of "report", "propose", "apply"',
        ),
        (
            '[night]\nbudget = "soon"\n',
            'daydream.toml: "night.budget" is "soon", expected a duration above 0 such as "90s", "10m", "2h" or a number of seconds',
        ),
        ("[night]\n\nbudget == 1\n", "daydream.toml:3: not valid TOML: Invalid value"),
        ('[night]\nmode = "', "daydream.toml:2: not valid TOML: Unterminated string"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(place: Place, text: str, message: str) -> None:
    place.repository(text)
    assert place.refusal() == message


@pytest.mark.parametrize(
    "text",
    [
        "[night]\nbudget = inf\n",
        "[night]\nbudget = nan\n",
        '[paths]\nstate = "a\\u0000b"\n',
        '[paths]\nstate = " "\n',
    ],
)
def test_values_that_no_night_can_use_are_refused(place: Place, text: str) -> None:
    place.person(text)
    assert "expected" in place.refusal()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\xff\xfe", "daydream.toml is not UTF-8 (byte 0); save it as UTF-8"),
        (b"#" * (1 << 20) + b"\n", "daydream.toml is larger than 1 MiB, which no configuration needs"),
        (b"a = " + b"[" * 100_000, "daydream.toml is nested too deeply to be read"),
    ],
)
def test_files_that_are_no_configuration_are_refused(place: Place, data: bytes, message: str) -> None:
    (place.root / "daydream.toml").write_bytes(data)
    assert place.refusal() == message


def test_a_folder_or_a_pipe_in_the_place_of_the_file_is_refused(place: Place) -> None:
    (place.root / "daydream.toml").mkdir()
    assert place.refusal() == "daydream.toml is not a file"
    (place.root / "daydream.toml").rmdir()
    os.mkfifo(place.root / "daydream.toml")
    assert place.refusal() == "daydream.toml is not a file"


def test_a_link_out_of_the_repository_is_not_read(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("[docs]\nexclude = []\n", encoding="utf-8")
    (place.root / "daydream.toml").symlink_to(tmp_path / "secret")
    assert place.refusal() == "daydream.toml is a link to a file outside the repository; it is not read"


def test_an_empty_file_is_a_configuration_that_says_nothing(place: Place) -> None:
    place.repository("")
    place.person("")
    assert set(place.load().origin.values()) == {"default"}


@pytest.mark.parametrize(
    ("text", "key", "table"),
    [
        ('[sentry]\norganization = "x"\n', "sentry.organization", "sentry"),
        ('[sentry]\nbase_url = "http://evil"\n', "sentry.base_url", "sentry"),
        ('[interpreter]\npath = "./evil"\n', "interpreter.path", "interpreter"),
        ('[clean]\nartefacts = ["build"]\n', "clean.artefacts", "clean"),
        ('[logs]\narchive = ["logs/*"]\n', "logs.archive", "logs"),
        ("[logs]\narchive_keep_days = 1\n", "logs.archive_keep_days", "logs"),
        ('[paths]\nstate = "/etc"\n', "paths.state", "paths"),
        ('[night]\nzone = "UTC"\n', "night.zone", "night"),
    ],
)
def test_what_is_not_for_a_repository_is_refused_with_the_place_for_it(
    place: Place, text: str, key: str, table: str
) -> None:
    place.repository(text)
    where = f'a person may set it in {place.user} under [repositories."{place.root}".{table}]'
    assert place.refusal() == f'daydream.toml: "{key}" is not for a repository to say; {where}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[night]\nmode = "apply"\n',
            '"night.mode" is "apply", but a repository may only lower it (at most "report" here)',
        ),
        (
            '[night]\nbudget = "2h"\n',
            '"night.budget" is 7200.0, but a repository may only lower it (at most 3600.0 here)',
        ),
        (
            "[dream]\nper_night = 101\n",
            '"dream.per_night" is 101, but a repository may only lower it (at most 100 here)',
        ),
        (
            "[legacy]\ncaches_unused_days = 1\n",
            '"legacy.caches_unused_days" is 1, but a repository may only raise it (at least 14 here)',
        ),
        (
            "[report]\nkeep_days = 1\n",
            '"report.keep_days" is 1, but a repository may only raise it (at least 90 here)',
        ),
    ],
)
def test_a_repository_cannot_widen(place: Place, text: str, said: str) -> None:
    place.repository(text)
    assert place.refusal().startswith(f"daydream.toml: {said}; a person may set it in ")


def test_a_repository_narrows_what_the_person_allowed(place: Place) -> None:
    place.person('[night]\nmode = "apply"\nbudget = "2h"\n[logs]\ndiscover = true\n')
    place.repository(
        '[night]\nmode = "report"\nbudget = "90m"\ndreams = false\n[logs]\ndiscover = false\n[report]\nkeep_days = 120\n'
    )
    loaded = place.load()
    assert (loaded.config.night.mode, loaded.config.night.budget) == ("report", 5400.0)
    assert (loaded.config.night.dreams, loaded.config.logs.discover) == (False, False)
    assert loaded.config.report.keep_days == 120
    assert loaded.origin["night.mode"] == loaded.origin["report.keep_days"] == "daydream.toml"


def test_a_person_who_narrows_further_does_not_make_the_repositorys_file_wrong(place: Place) -> None:
    place.person('[night]\nbudget = "5m"\n[report]\nkeep_days = 365\n')
    place.repository('[night]\nbudget = "30m"\n[report]\nkeep_days = 100\n')
    loaded = place.load()
    assert (loaded.config.night.budget, loaded.config.report.keep_days) == (300.0, 365)
    assert loaded.origin["night.budget"] == str(place.user)


def test_what_a_person_allows_by_flag_a_repository_may_say_too(place: Place) -> None:
    place.repository('[night]\nmode = "apply"\n')
    assert place.load(flags={"night.mode": "apply"}).origin["night.mode"] == "--mode"
    assert "may only lower" in place.refusal()


def test_a_flag_wins_over_the_repositorys_restriction(place: Place) -> None:
    place.repository('[night]\nbudget = "10m"\n')
    assert place.load(flags={"night.budget": "20m"}).config.night.budget == 1200.0


def test_excluded_files_add_up_and_the_persons_patterns_have_the_last_word(place: Place) -> None:
    place.person('[files]\nexclude = ["secret/", "both"]\n')
    place.repository('[files]\nexclude = ["!secret/", "both"]\n')
    loaded = place.load()
    assert loaded.config.files.exclude == ("!secret/", "both", "secret/")
    assert loaded.origin["files.exclude"] == f"daydream.toml + {place.user}"


@pytest.mark.parametrize("pattern", ["/var/log/*.log", "../x.log", "a/../../x.log", "~/x.log", ".."])
def test_a_repositorys_log_sources_stay_inside(place: Place, pattern: str) -> None:
    place.repository(f'[logs]\nsources = ["var/app.log", "{pattern}"]\n')
    assert place.refusal().startswith(
        f'daydream.toml: "logs.sources" names "{pattern}", which leaves the repository; a person'
    )


def test_a_persons_log_sources_may_be_anywhere(place: Place) -> None:
    place.person('[logs]\nsources = ["/var/log/app.log"]\n')
    place.repository('[logs]\nsources = ["var/*.log"]\n')
    assert place.load().config.logs.sources == ("var/*.log", "/var/log/app.log")


def test_a_named_file_replaces_the_persons_and_speaks_for_the_person(place: Place, tmp_path: Path) -> None:
    place.person('[night]\nbudget = "5m"\n')
    named = tmp_path / "other.toml"
    named.write_text('[sentry]\norganization = "acme"\n', encoding="utf-8")
    loaded = place.load(config=named)
    assert loaded.config.sentry.organization == "acme"
    assert loaded.config.night.budget == 3600
    assert loaded.origin["sentry.organization"] == str(named)


def test_the_repositorys_own_file_named_by_a_person_speaks_for_the_person(place: Place) -> None:
    place.repository('[night]\nmode = "apply"\n')
    assert place.load(config=place.root / "daydream.toml").config.night.mode == "apply"


def test_a_named_file_must_exist(place: Place, tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert place.refusal(config=missing) == f"{missing} does not exist; name an existing file with --config"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("repositories = 3\n", '"repositories" is not a table'),
        ('[repositories."project".night]\n', 'repositories."project" is not an absolute path'),
        ('[repositories]\n"/x" = 3\n', 'repositories."/x" is not a table'),
    ],
)
def test_tables_for_repositories_have_a_shape(place: Place, text: str, said: str) -> None:
    place.person(text)
    assert said in place.refusal()


def test_variables_are_read_by_the_kind_of_their_option(place: Place) -> None:
    config = place.load(
        DAYDREAM_FILES_EXCLUDE='["a", "b"]',
        DAYDREAM_DOCS_EXCLUDE="c, d",
        DAYDREAM_LEGACY_IGNORE="'e,f'",
        DAYDREAM_TASKS_STALE_DAYS="7",
        DAYDREAM_NIGHT_DREAMS="false",
        DAYDREAM_NIGHT_BUDGET="90s",
        DAYDREAM_SENTRY_ORGANIZATION="123",
        DAYDREAM_SENTRY_TIMEOUT="2.5",
        DAYDREAM_PATHS_STATE="~/state",
        DAYDREAM_PATHS_LOGS="",
    ).config
    assert (config.files.exclude, config.docs.exclude, config.legacy.ignore) == (
        ("a", "b"),
        ("c", "d"),
        ("e,f",),
    )
    assert (config.tasks.stale_days, config.night.dreams, config.night.budget) == (7, False, 90.0)
    assert (config.sentry.organization, config.sentry.timeout) == ("123", 2.5)
    assert (config.paths.state, config.paths.logs) == (str(place.home / "state"), None)


def test_a_variable_cannot_smuggle_a_second_key(place: Place) -> None:
    assert "DAYDREAM_TASKS_STALE_DAYS" in place.refusal(DAYDREAM_TASKS_STALE_DAYS="7\nother = 1")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "DAYDREAM_NIGHT_BUGDET",
            "unknown environment variable DAYDREAM_NIGHT_BUGDET; did you mean DAYDREAM_NIGHT_BUDGET?",
        ),
        (
            "DAYDREAM_NIHGT_MODE",
            "unknown environment variable DAYDREAM_NIHGT_MODE; did you mean DAYDREAM_NIGHT_MODE?",
        ),
    ],
)
def test_variables_that_look_like_options_are_refused(place: Place, name: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(place.root, None, {}, {"HOME": str(place.home), name: "1"})
    assert str(caught.value) == message


def test_other_variables_with_our_prefix_are_not_our_business(place: Place) -> None:
    loaded = place.load(
        DAYDREAM_SENTRY_DSN="x",
        DAYDREAM_SENTRY_TOKEN="x",
        DAYDREAM_SENTRY_SECOND="x",
        DAYDREAM_SENTRY_TOKEN_ENV="DAYDREAM_SENTRY_SECOND",
        DAYDREAM_SOMETHING="x",
    )
    assert loaded.config.sentry.token_env == "DAYDREAM_SENTRY_SECOND"


def test_a_wrong_flag_is_named_as_it_was_typed(place: Place) -> None:
    assert place.refusal(flags={"night.budget": "soon"}).startswith(
        '--budget: "night.budget" is "soon", expected'
    )


def test_an_unknown_zone_is_refused_with_its_origin(place: Place) -> None:
    place.person('[night]\nzone = "Europe/Berln"\n')
    assert place.refusal().startswith(f'{place.user}: night.zone = "Europe/Berln" is not a known time zone')


def test_paths_are_found_without_loading_pydantic(place: Place) -> None:
    place.person(f'[paths]\nstate = "a"\nlogs = "b"\n[repositories."{place.root}".paths]\nlogs = "~/c"\n')
    code = (
        "import sys; from pathlib import Path; from daydream.config.load import raw_paths;"
        f"print(raw_paths(Path({str(place.root)!r}), None, {{'HOME': {str(place.home)!r}, 'DAYDREAM_PATHS_CACHE': '/d'}}), 'pydantic' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == f"('a', '{place.home}/c', '/d') False"


def test_quick_paths_equal_loaded_paths_and_refuse_what_is_no_path(place: Place) -> None:
    place.person('[paths]\nstate = "~/s"\ncache = "/c"\n')
    env = {"HOME": str(place.home)}
    paths = place.load().config.paths
    assert raw_paths(place.root, None, env) == (paths.state, paths.logs, paths.cache)
    place.person("[paths]\nstate = 3\n")
    with pytest.raises(ConfigError, match=r'"paths\.state" is 3, expected a path'):
        raw_paths(place.root, None, env)


def test_the_digest_changes_with_what_shapes_the_plan_and_only_with_that(place: Place) -> None:
    plain = digest(place.load().config)
    assert (
        digest(
            place.load(
                DAYDREAM_NIGHT_BUDGET="5m", DAYDREAM_PATHS_STATE="x", DAYDREAM_REPORT_KEEP_DAYS="5"
            ).config
        )
        == plain
    )
    assert digest(place.load(flags={"night.mode": "report"}).config) == plain
    assert digest(place.load(DAYDREAM_TASKS_STALE_DAYS="5").config) != plain
    assert digest(place.load(flags={"night.mode": "apply"}).config) == plain  # pinned in the head instead


def test_only_a_persons_file_allows_to_run_without_a_sandbox(place: Place) -> None:
    place.person("[sandbox]\nallow_unisolated = true\n")
    assert place.load().config.sandbox.allow_unisolated
    place.repository("[sandbox]\nallow_unisolated = false\n")
    assert "is not for a repository to say" in place.refusal()


def test_a_variable_cannot_allow_to_run_without_a_sandbox(place: Place) -> None:
    said = place.refusal(DAYDREAM_SANDBOX_ALLOW_UNISOLATED="true")
    assert said.startswith("DAYDREAM_SANDBOX_ALLOW_UNISOLATED cannot allow that; put ")
