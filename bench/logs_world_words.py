"""What a small shop's programs say: pools of log templates, from which a world draws its own.

A text holds ``{kind}`` where a value stands; the kinds are in `logs_world_values`.
"""

APP_INFO = (
    ("shop.orders", "order {id} placed by {user}: {n} items, {money} EUR"),
    ("shop.orders", "order {id} paid with {method} after {ms} ms"),
    ("shop.orders", "order {id} handed to carrier {carrier}, parcel {hex}"),
    ("shop.orders", "cart {uuid} merged into cart {uuid}"),
    ("shop.orders", "cart {uuid} emptied by its owner"),
    ("shop.orders", "voucher {sku} accepted for order {id}"),
    ("shop.orders", "delivery window {n} reserved for order {id}"),
    ("shop.stock", "stock of {sku} is now {n}"),
    ("shop.stock", "reserved {n} of {sku} for order {id}"),
    ("shop.stock", "reservation {hex} released"),
    ("shop.stock", "price list {word} read, {n} prices changed"),
    ("shop.accounts", "user {user} logged in from {ip}"),
    ("shop.accounts", "user {user} logged out"),
    ("shop.accounts", "session {hex} renewed for {user}"),
    ("shop.accounts", "password of {user} changed"),
    ("shop.accounts", "address book of {user} now has {n} entries"),
    ("shop.mail", "queued mail {word} for {email}"),
    ("shop.mail", "mail {hex} delivered to {host} in {ms} ms"),
    ("shop.search", "query {word!q} matched {n} products in {ms} ms"),
    ("shop.search", "suggestions for {word!q}: {n}"),
    ("shop.http", "served {path} to {ip} in {ms} ms"),
    ("shop.http", "client {ip} closed the connection early"),
    ("shop.http", "body of {n} bytes accepted on {path}"),
    ("shop.images", "thumbnail {sku}.{n} rendered, {n} kB"),
    ("shop.images", "image {hex} moved to bucket {word}"),
    ("shop.payments", "payment {uuid} authorised, reference {hex}"),
    ("shop.payments", "payment {uuid} captured: {money} EUR"),
    ("shop.payments", "refund {uuid} of {money} EUR booked"),
    ("shop.rates", "exchange rates refreshed from {host}, {n} currencies"),
    ("shop.pool", "database pool: {n} connections in use, {n} idle"),
    ("shop.flags", "feature {word} is on for {pct} percent of visitors"),
    ("shop.reviews", "review {id} of {sku} published"),
    ("shop.reviews", "review {id} sent to moderation by {user}"),
    ("shop.loyalty", "{n} points credited to {user}"),
    ("shop.export", "export {hex} with {n} rows written in {sec} s"),
    ("shop.webhooks", "webhook {word} delivered to {host} at attempt 1"),
)
NOUNS = (
    *("catalogue", "category tree", "tax table", "carrier tariff", "country list", "banner", "wish list"),
    *("menu", "store locator", "size chart", "recommendation", "translation", "newsletter", "landing page"),
    *("supplier feed", "gift card", "courier route", "warehouse map", "opening hours", "brand page"),
)
PHRASES = (
    "{noun} cache refreshed: {n} entries in {ms} ms",
    "{noun} {id} opened by {user}",
    "{noun} {hex} saved by {user}",
    "reading {noun} from {host} took {sec} s",
    "{noun} unchanged since {hex}",
    "{noun} snapshot {uuid} is current",
)
APP_WARNING = (
    ("shop.accounts", "login failed for {user} from {ip}"),
    ("shop.http", "slow request: {path} took {sec} s"),
    ("shop.pool", "database pool exhausted for {ms} ms, waiting"),
    ("shop.pool", "memory use at {pct} percent of the limit"),
    ("shop.upstream", "upstream {upstream} timed out after {ms} ms"),
    ("shop.upstream", "retrying call {hex} to {upstream}, attempt {n}"),
    ("shop.orders", "voucher {sku} rejected: expired"),
    ("shop.orders", "cart {uuid} references unknown product {sku}"),
    ("shop.stock", "negative stock for {sku}: -{n}"),
    ("shop.mail", "mail to {email} deferred by {host}"),
    ("shop.search", "query {word!q} fell back to the plain index"),
    ("shop.rates", "exchange rate of {word} is {n} h old"),
    ("shop.images", "image {hex} has no colour profile"),
    ("shop.http", "deprecated header X-Shop-{word} sent by {ip}"),
    ("shop.reviews", "review {id} held back: too many links"),
    ("shop.payments", "card issuer asks for a second factor on payment {uuid}"),
)
NEEDED_WARNINGS = (
    "login failed for",
    "memory use at",
    "upstream {upstream} timed out",
    "retrying call",
)
APP_ERROR = (
    ("shop.payments", "payment {uuid} declined by the acquirer, code {n}"),
    ("shop.mail", "mail {hex} bounced: mailbox of {email} unknown"),
    ("shop.webhooks", "webhook {word} gave up after 5 attempts at {host}"),
    ("shop.stock", "supplier feed line {n} is malformed near {word!q}"),
    ("shop.images", "image {hex} cannot be decoded"),
    ("shop.search", "index shard {n} answered with status 503"),
    ("shop.export", "export {hex} aborted by {user}"),
    ("shop.orders", "label for parcel {hex} refused by {carrier}"),
    ("shop.accounts", "single sign-on answer for {user} has a bad signature"),
    ("shop.reviews", "moderation service rejected review {id} without a reason"),
)
TRACEBACKS = (
    ("shop.orders", "KeyError", "'{word}'", "place_order", "read_cart"),
    ("shop.accounts", "ValueError", "invalid literal for int() with base 10: '{word}'", "show_account", "parse_page"),
    ("shop.search", "IndexError", "list index out of range", "find_products", "pick_shard"),
    ("shop.mail", "UnicodeEncodeError", "'ascii' codec can't encode character in position {n}", "send_mail", "encode_subject"),
    ("shop.images", "OSError", "image file is truncated ({n} bytes not processed)", "make_thumbnail", "load_pixels"),
    ("shop.reviews", "PermissionError", "user {user} may not edit review {id}", "edit_review", "require_owner"),
    ("shop.payments", "ConnectionResetError", "[Errno 104] Connection reset by peer", "capture_payment", "post_form"),
    ("shop.export", "StopIteration", "", "write_export", "next_page"),
)  # fmt: skip
WORKER_INFO = (
    ("worker.queue", "picked task {uuid} from queue default"),
    ("worker.queue", "task {uuid} done in {ms} ms"),
    ("worker.sync", "synchronised {n} customers with the ledger"),
    ("worker.sync", "ledger cursor moved to {hex}"),
    ("worker.mail", "digest for {email} composed, {n} entries"),
    ("worker.files", "removed {n} temporary files below {path}"),
    ("worker.stock", "supplier {word} delivered {n} lines"),
    ("worker.queue", "queue depth {n}, oldest task {sec} s"),
    ("worker.search", "re-indexed product {sku}"),
    ("worker.images", "resized batch {hex} of {n} images"),
)
WORKER_WARNING = (
    ("worker.queue", "task {uuid} took {sec} s, more than its limit"),
    ("worker.sync", "ledger answered slowly: {ms} ms"),
    ("worker.stock", "supplier {word} sent no price for {sku}"),
    ("worker.mail", "smtp relay {host} greylisted us"),
)
WORKER_ERROR = (
    ("worker.sync", "ledger refused entry {hex}: period closed"),
    ("worker.stock", "supplier {word} file has a wrong checksum"),
    ("worker.queue", "task {uuid} failed: customer {id} does not exist"),
)
HEARTBEATS = (
    ("worker.beat", "heartbeat ok, {n} workers alive"),
    ("worker.beat", "scheduler tick {id} finished"),
    ("worker.beat", "lease on leader lock extended to {hex}"),
)
JOBS = (  # name of the job's logger, what it says at its start, at its end
    ("worker.invoices", "nightly invoicing begins", "nightly invoicing wrote {n} invoices in {sec} s"),
    ("worker.backup", "database backup to {host} begins", "database backup finished: {n} MB in {sec} s"),
    ("worker.reports", "sales report for yesterday requested", "sales report mailed to {n} people"),
    ("worker.cleanup", "session cleanup begins", "session cleanup deleted {n} stale sessions"),
    ("worker.sitemap", "sitemap generation begins", "sitemap with {n} addresses uploaded"),
    ("worker.currency", "daily currency fixing requested", "daily currency fixing stored {n} rates"),
    ("worker.loyalty", "loyalty point expiry begins", "loyalty point expiry touched {n} accounts"),
    ("worker.tax", "tax table download begins", "tax table download stored {n} rows from {host}"),
)
WEEKLY = (
    ("worker.compact", "compacting table {word}, {n} MB before"),
    ("worker.compact", "table {word} compacted to {n} MB in {sec} s"),
    ("worker.audit", "audit of account {id}: balance {money} matches"),
    ("worker.archive", "archived orders of week {n} to {path}"),
    ("worker.stats", "weekly statistics part {n} of 40 computed"),
)
RARE_INFO = (
    ("shop.accounts", "account of {user} deleted on request"),
    ("shop.payments", "settlement file {hex} received, {n} lines"),
    ("shop.flags", "feature {word} switched off by {user}"),
    ("worker.files", "log folder rotated by hand by {user}"),
    ("shop.pool", "database failover drill acknowledged by {user}"),
    ("shop.export", "data protection export {uuid} prepared"),
)
RARE_WARNING = (
    ("shop.rates", "rate provider {host} announced a maintenance window"),
    ("worker.files", "certificate of {host} expires in {n} days"),
    ("shop.search", "synonym list has {n} unused entries"),
    ("worker.queue", "clock of host {host} is {ms} ms ahead"),
)
DEPLOY = (
    ("shop.boot", "stopping: {n} requests still open"),
    ("shop.boot", "shop version {version} starting, commit {hex}"),
    ("shop.boot", "settings read from {path}, {n} values"),
    ("shop.boot", "migrations: nothing to do, at {hex}"),
    ("shop.boot", "listening on 0.0.0.0:{n} with {n} workers"),
)
ROUTES = (  # method, path with values, median of the response time in s, share
    ("GET", "/", 0.03, 14.0),
    ("GET", "/products/{sku}", 0.05, 26.0),
    ("GET", "/search?q={word}", 0.12, 14.0),
    ("GET", "/cart", 0.04, 10.0),
    ("POST", "/cart/items", 0.06, 9.0),
    ("POST", "/checkout", 0.35, 5.0),
    ("GET", "/orders/{id}", 0.07, 7.0),
    ("GET", "/account", 0.05, 5.0),
    ("POST", "/login", 0.18, 5.0),
    ("GET", "/static/app.{hex}.js", 0.004, 12.0),
    ("GET", "/api/v1/stock/{sku}", 0.02, 9.0),
    ("PUT", "/api/v1/prices/{sku}", 0.09, 4.0),
    ("GET", "/api/v1/reviews/{id}/votes", 0.03, 4.0),
    ("GET", "/invoices/{uuid}.pdf", 0.6, 3.0),
)
NEW_ERRORS = (
    ("shop.orders", "cannot split shipment {id}: no warehouse owns {sku}"),
    ("shop.payments", "idempotency key {hex} reused with another amount"),
    ("shop.accounts", "token store returned two rows for {user}"),
    ("shop.stock", "lock on shelf {word} never released"),
    ("shop.search", "ranking model {hex} has an unknown dimension {n}"),
    ("shop.mail", "template engine lost placeholder {word!q}"),
    ("shop.rates", "conversion from {word} yields a negative price"),
    ("shop.images", "watermark service speaks an unsupported protocol {n}"),
    ("shop.loyalty", "points ledger and balance disagree for {user} by {n}"),
    ("shop.webhooks", "signature header of partner {word} missing"),
    ("shop.export", "column {word} vanished from the export schema"),
    ("shop.reviews", "vote {id} counted twice, giving up"),
    ("shop.flags", "rollout rule {word} refers to itself"),
    ("shop.http", "request body on {path} ended in the middle of a chunk"),
    ("shop.pool", "deadlock detected, transaction {hex} rolled back"),
    ("shop.orders", "parcel weight {n} g contradicts the carrier's scale"),
)
NEW_TRACEBACKS = (
    ("shop.orders", "ZeroDivisionError", "division by zero", "split_payment", "share_of"),
    ("shop.accounts", "AttributeError", "'NoneType' object has no attribute 'profile'", "render_greeting", "profile_of"),
    ("shop.search", "RecursionError", "maximum recursion depth exceeded", "expand_synonyms", "expand_once"),
    ("shop.stock", "OverflowError", "int too large to convert to float", "forecast_demand", "weight_of"),
    ("shop.mail", "LookupError", "unknown encoding: {word}", "build_letter", "pick_encoding"),
    ("shop.loyalty", "TypeError", "unsupported operand type(s) for +: 'int' and 'NoneType'", "credit_points", "sum_of"),
    ("shop.payments", "AssertionError", "amount changed between authorise and capture", "settle_batch", "compare_amounts"),
    ("shop.export", "MemoryError", "", "render_sheet", "grow_buffer"),
)  # fmt: skip
DISK_FULL = (
    ("shop.images", "cannot write {path}: [Errno 28] No space left on device"),
    ("shop.export", "export {hex} stopped: [Errno 28] No space left on device: {path}"),
    ("worker.files", "temporary file {path} not written: No space left on device"),
)
