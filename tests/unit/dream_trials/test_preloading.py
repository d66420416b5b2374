"""What is loaded once for all calls: plain modules of the standard library, and only where no other has such a name."""

from pathlib import Path

from daydream.dream.trials.preloading import imports, preloaded

SOURCES = {
    "src/pkg/__init__.py": "from pkg.a import f\nimport json, antigravity\n",
    "src/pkg/a.py": "import os.path as p, re\nfrom . import b\nimport dep.part\n\ndef f():\n    import csv\n",
    "tests/test_a.py": "import tarfile\n",
}


def site(tmp_path: Path) -> Path:
    (tmp_path / "dep").mkdir()
    (tmp_path / "dep" / "part.py").write_text("import html\nimport single\nfrom dep import other\n")
    (tmp_path / "single.py").write_text("import http.client\nimport gone\n")
    (tmp_path / "unused.py").write_text("import zipfile\n")
    return tmp_path


def test_what_files_and_the_packages_they_come_to_import_at_once_is_loaded_beforehand(tmp_path: Path) -> None:
    found = preloaded(SOURCES, ["src"], [site(tmp_path)], ["dep", "single", "unused"])
    assert found == ("html", "http.client", "json", "os.path", "re")


def test_a_package_or_file_named_like_the_standard_library_leaves_everything_to_the_calls(
    tmp_path: Path,
) -> None:
    assert preloaded(SOURCES, ["src"], [site(tmp_path)], ["dep", "typing"]) == ()
    assert preloaded({**SOURCES, "src/json.py": ""}, ["src"], [], []) == ()
    assert preloaded({**SOURCES, "email/message.py": ""}, ["", "src"], [], []) == ()
    assert preloaded({**SOURCES, "test/a.py": "", "pkg/json.py": ""}, ["", "src"], [], []) != ()


def test_imports_are_read_from_a_module_s_top_level_only() -> None:
    text = "from a.b import c\nimport d as e, f.g\nfrom .h import i\nfrom . import j\nif k:\n    import l\n"
    assert list(imports(text)) == ["a.b", "d", "f.g", ".h", "."]


def test_what_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "dep").mkdir()
    (tmp_path / "dep" / "a.py").mkdir()
    (tmp_path / "dep" / "b.py").symlink_to(tmp_path / "nowhere")
    assert preloaded(SOURCES, ["src"], [tmp_path], ["dep"]) == ("json", "os.path", "re")
