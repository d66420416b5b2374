"""What speaks for a type: the attributes of built-in types, what well-known functions take, and the names of parameters."""

import datetime as dt
import io
import pathlib
import re

from daydream.dream.trials.annotations import BOOL, BYTES, FLOAT, INT, STR, UNKNOWN, Hint, union

OFFERS: dict[str, frozenset[str]] = {
    kind: frozenset(dir(made))
    for kind, made in {
        "str": str, "dict": dict, "list": list, "set": set, "bytes": bytes, "path": pathlib.Path, "datetime": dt.datetime,
        "date": dt.date, "timedelta": dt.timedelta, "pattern": re.Pattern, "textfile": io.StringIO, "variadic": tuple, "int": int, "float": float,
    }.items()
}  # fmt: skip
HANDED = {
    "int": STR, "float": STR, "range": INT, "chr": INT, "abs": INT, "round": FLOAT, "divmod": INT, "ord": Hint("literal", values=("a", "Z", "é")),
    "sum": Hint("list", (INT,)), "sorted": Hint("list"), "max": Hint("list", (INT,)), "min": Hint("list", (INT,)), "open": STR, "callable": Hint("callable"),
    "str.join": Hint("list", (STR,)), "json.loads": Hint("literal", values=('{"a": 1}', "[1, 2]", "null", "{")), "ast.parse": STR, "math.sqrt": FLOAT, "math.floor": FLOAT, "math.ceil": FLOAT,
    "math.log": FLOAT, "os.path.join": STR, "os.fspath": Hint("pathlike"), "map/2": Hint("list"), "os.path.exists": STR, "os.path.basename": STR, "os.path.dirname": STR, "os.path.splitext": STR,
    "pathlib.Path": STR, "urllib.parse.urlparse": STR, "urllib.parse.urlsplit": STR, "urllib.parse.quote": STR, "urllib.parse.unquote": STR,
    "re.compile": STR, "re.match/2": STR, "re.search/2": STR, "re.sub/3": STR, "re.split/2": STR, "re.findall/2": STR, "dict": Hint("dict"), "enumerate": Hint("list"), "zip": Hint("list"),
    "issubclass": Hint("type"), "filter/2": Hint("list"), "map": Hint("callable"), "filter": Hint("callable"), "bytes": Hint("list", (Hint("literal", values=(0, 65, 255)),)),
    "base64.b64encode": BYTES, "hashlib.md5": BYTES, "hashlib.sha256": BYTES, "textwrap.dedent": STR, "shlex.split": STR, "len": union(STR, Hint("list")), "reversed": Hint("list"),
}  # fmt: skip
NAMED: tuple[tuple[str, Hint], ...] = (
    (r"(?:is|has|should|use|do|allow|enable|no|with|include|ignore|keep|show)_\w+|verbose|debug|force|strict|flag|recursive|reverse|quiet|inplace|dry_run|lazy", BOOL),
    (r"n|num|m|i|j|k|count|size|length|limit|idx|index|width|height|depth|level|offset|start|stop|end|port|year|month|day|hour|minute|seed|retries|lo|hi|step|indent|pid|line_?no|page|max_\w+|min_\w+|num_\w+|n_\w+|\w+_(?:count|size|len|index|id|no)", INT),
    (r"timeout|delay|seconds|secs|rate|ratio|scale|alpha|beta|weight|factor|interval|tolerance|threshold|epsilon|probability|price|\w+_(?:rate|ratio|seconds|timeout|factor)", FLOAT),
    (r"func|fn|fun|callback|cb|predicate|key_?func|factory|callable_|function|wrapped|\w+_(?:func|fn|callback|factory)", Hint("callable")),
    (r"cls|klass|type_|class_|\w+_(?:class|cls)", Hint("type")),
    (r"exc|error|err|exception|ex", Hint("standard", name="builtins.ValueError")),
    (r"mapping|d|dct|dict_|kwargs|kw|options|opts|config|settings|conf|headers|params|environ|env|meta|metadata|attrs|mapping|defaults|extra|\w+_(?:map|dict|by_\w+)", Hint("dict")),
    (r"data|body|content|payload|buf|buffer|raw|blob", union(STR, BYTES)),
    (r"fp|fd|stream|file|fileobj|infile|outfile", Hint("textfile")),
    (r"date|day_?|birthday|\w+_date", Hint("date")),
    (r"dt|now|timestamp|when|datetime_?|created|updated|\w+_at", Hint("datetime")),
    (r"s|st|string|text|txt|line|word|name|key|title|msg|message|path|file_?name|dirname|directory|folder|url|uri|prefix|suffix|sep|separator|delimiter|encoding|mode|label|host|hostname|pattern|regex|fmt|format|source|src|code|token|char|c|description|doc|html|xml|json|query|command|cmd|version|email|user(?:name)?|password|domain|scheme|method|status|lang|language|unit|filename|\w+_(?:name|path|url|key|str|text|dir|file|prefix|suffix|string|title|label|format|type)", STR),
    (r"xs|ys|lst|seq|arr|array|items|values|lines|names|words|keys|paths|files|rows|numbers|nums|elements|tokens|parts|args|argv|iterable|sequence|points|ids|tags|strings|list_?|\w+_(?:list|seq|items|names|ids|paths|files)", Hint("list")),
    (r"number|amount|total|low|high|mean|mu|sigma|\w+_(?:number|amount|total)", union(INT, FLOAT)),
    (r"x|y|z|a|b|value|val|v|left|right|item|elem|element|obj|object|target|needle|other|thing|o|it", Hint("usual")),
)  # fmt: skip


def of_name(name: str) -> Hint:
    """The type that a parameter's name suggests."""
    bare = name.strip("_").lower()
    for pattern, hint in NAMED:
        if re.fullmatch(pattern, bare):
            return hint
    return UNKNOWN
