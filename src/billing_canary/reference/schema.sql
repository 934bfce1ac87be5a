-- The backend's tables. Amounts are integer minor units; instants are seconds since the epoch, in
-- service time. The balance may be negative here, since only the rules above it forbid that: a faulty
-- service must be able to show what it does.

-- For a database in a file: a commit survives a crash of the process, though not of the machine.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;

CREATE TABLE IF NOT EXISTS account (
    id TEXT PRIMARY KEY,
    api_key_sha256 TEXT NOT NULL UNIQUE,
    currency TEXT NOT NULL,
    customer TEXT NOT NULL,
    run_id TEXT NOT NULL,
    quota_units INTEGER,
    balance INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL,
    closed_at REAL
);

-- One row a business event; `reference` is what makes a credit happen once.
CREATE TABLE IF NOT EXISTS ledger_transaction (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL,
    reference TEXT NOT NULL UNIQUE,
    created_at REAL NOT NULL
);

-- Double entry: the postings of one transaction sum to zero.
CREATE TABLE IF NOT EXISTS posting (
    id INTEGER PRIMARY KEY,
    ledger_transaction TEXT NOT NULL REFERENCES ledger_transaction (id),
    book TEXT NOT NULL,
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS posting_book ON posting (book);

CREATE TABLE IF NOT EXISTS top_up (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    amount INTEGER NOT NULL,
    currency TEXT NOT NULL,
    payment_intent TEXT,
    client_secret TEXT,
    status TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS top_up_payment ON top_up (payment_intent);

-- Idempotency: one row for each client key. `resource`, the id of what the attempt makes, is kept over
-- retries of a failed attempt, so that the provider sees the same key again.
CREATE TABLE IF NOT EXISTS attempt (
    account TEXT NOT NULL REFERENCES account (id),
    key TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    resource TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('running', 'open', 'done')),
    status INTEGER,
    body TEXT,
    PRIMARY KEY (account, key)
);

-- `status` is the provider's word, but for 'pending' (the provider has not answered yet) and 'failed'
-- (it refused).
CREATE TABLE IF NOT EXISTS subscription (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (id),
    plan TEXT NOT NULL,
    provider_subscription TEXT UNIQUE,
    status TEXT NOT NULL,
    period_start REAL,
    period_end REAL,
    cancel_at_period_end INTEGER NOT NULL DEFAULT 0,
    created_at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS subscription_account ON subscription (account);

-- `units` is the quota that the invoice grants for its period; NULL when it grants none. The invoice
-- is what makes a grant happen once.
CREATE TABLE IF NOT EXISTS invoice (
    id TEXT PRIMARY KEY,
    subscription TEXT NOT NULL REFERENCES subscription (id),
    reason TEXT NOT NULL,
    status TEXT NOT NULL,
    amount_due INTEGER NOT NULL,
    amount_paid INTEGER NOT NULL,
    currency TEXT NOT NULL,
    period_start REAL NOT NULL,
    period_end REAL NOT NULL,
    units INTEGER
);
CREATE INDEX IF NOT EXISTS invoice_subscription ON invoice (subscription, period_start);

-- `held` counts against what is available in the wallet while the state is 'held'; `included` counts
-- against the quota that `invoice` grants, unless the state is 'released'.
CREATE TABLE IF NOT EXISTS usage_record (
    account TEXT NOT NULL REFERENCES account (id),
    usage_id TEXT NOT NULL,
    units INTEGER NOT NULL,
    held INTEGER NOT NULL,
    included INTEGER NOT NULL DEFAULT 0,
    invoice TEXT REFERENCES invoice (id),
    state TEXT NOT NULL CHECK (state IN ('held', 'released', 'settled')),
    answer TEXT,
    PRIMARY KEY (account, usage_id)
);
CREATE INDEX IF NOT EXISTS usage_state ON usage_record (account, state);
CREATE INDEX IF NOT EXISTS usage_invoice ON usage_record (invoice);

-- The webhook inbox: one row for each delivery that was accepted.
CREATE TABLE IF NOT EXISTS delivery (
    id INTEGER PRIMARY KEY,
    event TEXT NOT NULL,
    type TEXT NOT NULL,
    body BLOB NOT NULL,
    signed_at REAL NOT NULL,
    received_at REAL NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'running', 'processed', 'ignored', 'dead')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_at REAL NOT NULL,
    reason TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (state, due_at);
CREATE INDEX IF NOT EXISTS delivery_event ON delivery (event);

CREATE TABLE IF NOT EXISTS processed_event (id TEXT PRIMARY KEY);

-- The state of an event over all its deliveries: processed once is processed; else what is still to
-- come counts; else the latest delivery's word stands (SQLite takes bare columns from the row of max()).
CREATE VIEW IF NOT EXISTS inbox AS
SELECT
    event,
    type,
    count(*) AS deliveries,
    sum(attempts) AS attempts,
    CASE
        WHEN sum(state = 'processed') > 0 THEN 'processed'
        WHEN sum(state IN ('pending', 'running')) > 0 THEN 'pending'
        ELSE state
    END AS state,
    reason,
    max(id) AS latest
FROM delivery
GROUP BY event;
