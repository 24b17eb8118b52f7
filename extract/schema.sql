-- The raw schema: what extract/ writes and dbt_project/ reads. Nothing else passes between them.
-- Every statement is idempotent. `raw` can be rebuilt from the landed files, all but the two tables of
-- published builds.
create schema if not exists raw;

-- The load ledger. One row a try; the current load of a partition has status 'loaded',
-- an earlier one 'superseded', a failed try 'failed' (its counts are those reached).
-- For 'loaded': rows_read = rows_stored + rows_unchanged + rows_rejected.
create table if not exists raw.loads (
    load_id integer primary key,
    source varchar not null,
    partition varchar not null,
    status varchar not null check (status in ('loaded', 'superseded', 'failed')),
    rows_read bigint not null,
    rows_stored bigint not null,
    rows_unchanged bigint not null,
    rows_rejected bigint not null,
    rows_absent bigint not null,          -- rows written for models missing from a complete read
    sha256 varchar not null,              -- of the landed partition's manifest content
    is_synthetic boolean not null,
    as_of date,                           -- the partition's day (the later bound), if it has one
    days_early integer not null,          -- how many days before as_of the reading may lie
    error varchar,                        -- one line, only where status = 'failed'
    started_at timestamp not null,        -- UTC
    finished_at timestamp not null        -- UTC
);

-- Records that broke the contract at the door. Nothing is lost: payload is the record as JSON text.
create table if not exists raw.rejects (
    load_id integer not null,
    source varchar not null,
    partition varchar not null,
    page varchar not null,                -- the landed file
    row_number bigint not null,           -- 1-based within the page
    reason varchar not null,
    payload varchar not null,
    rejected_at timestamp not null
);

-- Columns a source delivered that the loader does not know; each reported once. They stay landed.
create table if not exists raw.unknown_columns (
    source varchar not null,
    column_name varchar not null,
    column_type varchar not null,
    first_partition varchar not null,
    load_id integer not null
);

-- Which days were read, and whether the read was complete for its scope
-- ('hub' = the whole Hub, 'rows' = only the models that have a row, else an organisation; of
-- hub_discovery also 'new' and 'base:<model_id>', which say what was listed to its end).
create table if not exists raw.read_days (
    source varchar not null,
    scope varchar not null,
    day date not null,
    is_complete boolean not null,
    days_early integer not null,
    models_read bigint not null,
    partition varchar not null,
    load_id integer not null
);

-- Every (hub_oid, model_id) pair seen, as a model of its own or as somebody's parent.
create table if not exists raw.model_names (
    name_key integer primary key,
    hub_oid varchar,                      -- the Hub's _id, null where the source has none
    model_id varchar not null             -- as spelled by the source
);

-- Sparse readings of dated Hub snapshots (see docs/method.md, Readings). Each row knows both ends of
-- what it says: the counter on its day, and that of the scope's read day before.
create table if not exists raw.hub_stats_readings (
    name_key integer not null,
    day date not null,
    scope varchar not null,
    presence varchar not null check (presence in ('present', 'absent', 'unknown')),
    downloads_30d bigint,
    downloads_all_time bigint,
    likes bigint,
    days_early integer not null,
    load_id integer not null,
    downloads_all_time_before bigint      -- of the scope's previous read day, null if unknown
);

-- Metadata of dated Hub snapshots, stored on change.
create table if not exists raw.hub_stats_metadata (
    name_key integer not null,
    day date not null,                    -- first read day with this content
    scope varchar not null,
    content_hash varchar not null,        -- md5 of the normalised record
    created_at timestamp,                 -- UTC
    pipeline_tag varchar,
    library_name varchar,
    tags varchar[],                       -- sorted
    base_relation varchar,
    base_models struct(hub_oid varchar, model_id varchar)[],
    parameters_total bigint,              -- safetensors.total: stored tensors' elements
    parameters_by_dtype map(varchar, bigint),
    gguf_total bigint,
    load_id integer not null
);

-- Readings through the Hub's API, sparse by scope: an organisation, or 'hub' after a whole crawl.
create table if not exists raw.hub_api_readings (
    name_key integer not null,
    day date not null,
    scope varchar not null,
    presence varchar not null check (presence in ('present', 'absent', 'unknown')),
    downloads_30d bigint,
    downloads_all_time bigint,
    likes bigint,
    days_early integer not null,
    load_id integer not null,
    downloads_all_time_before bigint
);

create table if not exists raw.hub_api_metadata (
    name_key integer not null,
    day date not null,
    scope varchar not null,
    content_hash varchar not null,
    created_at timestamp,
    pipeline_tag varchar,
    library_name varchar,
    tags varchar[],
    base_relation varchar,
    base_models struct(hub_oid varchar, model_id varchar)[],
    parameters_total bigint,
    parameters_by_dtype map(varchar, bigint),
    gguf_total bigint,
    load_id integer not null
);

-- Models found by discovery (new ones, derivatives of tracked ones), read on that day only:
-- scope is 'rows', and nothing is implied about other days or models.
create table if not exists raw.hub_discovery_readings (
    name_key integer not null,
    day date not null,
    scope varchar not null,
    presence varchar not null check (presence in ('present', 'absent', 'unknown')),
    downloads_30d bigint,
    downloads_all_time bigint,
    likes bigint,
    days_early integer not null,
    load_id integer not null,
    downloads_all_time_before bigint
);

create table if not exists raw.hub_discovery_metadata (
    name_key integer not null,
    day date not null,
    scope varchar not null,
    content_hash varchar not null,
    created_at timestamp,
    pipeline_tag varchar,
    library_name varchar,
    tags varchar[],
    base_relation varchar,
    base_models struct(hub_oid varchar, model_id varchar)[],
    parameters_total bigint,
    parameters_by_dtype map(varchar, bigint),
    gguf_total bigint,
    load_id integer not null
);

-- ModelScope's cumulative counters, sparse by scope (the owner), names as ModelScope spells them.
create table if not exists raw.modelscope_readings (
    modelscope_id varchar not null,       -- owner/name
    day date not null,
    scope varchar not null,               -- the owner
    presence varchar not null check (presence in ('present', 'absent', 'unknown')),
    downloads_all_time bigint,
    likes bigint,
    created_at timestamp,                 -- UTC
    license varchar,
    load_id integer not null
);

-- Readings that a user has as CSV files: every row is stored.
create table if not exists raw.files_readings (
    name_key integer not null,
    day date not null,
    downloads_30d bigint,
    downloads_all_time bigint,
    likes bigint,
    parameters_total bigint,
    pipeline_tag varchar,
    license varchar,
    created_on date,
    days_early integer not null,
    partition varchar not null,           -- the file; of two rows for one model and day the later name wins
    load_id integer not null
);

-- OpenRouter's daily token rankings; every as_of is kept.
create table if not exists raw.openrouter_rankings (
    day date not null,
    model_permaslug varchar not null,
    total_tokens bigint not null,
    as_of date not null,
    partition varchar not null,
    load_id integer not null
);

-- OpenRouter's model catalogue as read on a day.
create table if not exists raw.openrouter_catalogue (
    read_on date not null,
    slug varchar not null,
    canonical_slug varchar not null,
    hugging_face_id varchar,              -- null where the catalogue has none or an empty one
    name varchar,
    created_at timestamp,
    context_length bigint,
    partition varchar not null,
    load_id integer not null
);

-- The ATOM project's public metadata (Interconnects-AI/tracked-models, Apache-2.0).
create table if not exists raw.tracked_models_list (
    list_name varchar not null,           -- models | extra_models
    org varchar not null,
    model varchar not null,
    model_id varchar not null,
    load_id integer not null
);

create table if not exists raw.tracked_models_parameters (
    model_id varchar not null,
    total_params_b double,                -- billions
    active_params_b double,               -- billions
    is_moe boolean,
    notes varchar,
    load_id integer not null
);

create table if not exists raw.tracked_models_regions (
    hf_org varchar not null,
    region varchar not null,
    notes varchar,
    load_id integer not null
);

create table if not exists raw.tracked_models_release_dates (
    model_id varchar not null,
    hf_created_at date,
    actual_release_date date not null,
    notes varchar,
    load_id integer not null
);

-- Builds that were published, and what each of their steps cost: orchestration/ notes them here
-- before the next build. Unlike the rest of `raw` they come from the builds' own manifests.
create table if not exists raw.published_builds (
    build_id varchar primary key,
    published_at timestamp not null       -- UTC
);

create table if not exists raw.build_steps (
    build_id varchar not null,
    step varchar not null,
    seconds double not null,
    cpu_seconds double not null,          -- of the step's process and the processes it waited for;
                                          -- of a model, of its query's operators
    peak_mb double not null,              -- the greatest resident size so far of any of these; of a
                                          -- model, the most buffer memory that a statement held
    rows_in bigint,
    rows_out bigint
);
-- Of a warehouse that is older than the columns (extract/warehouse.py fills those of readings).
alter table raw.hub_stats_readings add column if not exists downloads_all_time_before bigint;
alter table raw.hub_api_readings add column if not exists downloads_all_time_before bigint;
alter table raw.hub_discovery_readings add column if not exists downloads_all_time_before bigint;
alter table raw.build_steps add column if not exists bytes_written bigint;
