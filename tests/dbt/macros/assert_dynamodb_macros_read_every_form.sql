-- What the macros make of one attribute x in every form that it may come in.
-- A row here is an attribute that staging would read wrong, or that would stop a refresh.
with

forms as (
    select 1 as place, '{}' as written, 'absent' as state, cast(null as varchar(3)) as x_text, cast(null as bigint) as x_integer, cast(null as boolean) as x_boolean
    union all select 2, '{"x": {"S": "abc"}}', 'S', 'abc', cast(null as bigint), cast(null as boolean)
    union all select 3, '{"x": {"S": "abcd"}}', 'S', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
    union all select 4, '{"x": {"S": "é!"}}', 'S', 'é!', cast(null as bigint), cast(null as boolean)
    union all select 5, '{"x": {"S": "éé"}}', 'S', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
    union all select 6, '{"x": {"S": ""}}', 'S', '', cast(null as bigint), cast(null as boolean)
    union all select 7, '{"x": {"N": "42"}}', 'N', cast(null as varchar(3)), 42, cast(null as boolean)
    union all select 8, '{"x": {"N": 42}}', 'N', cast(null as varchar(3)), 42, cast(null as boolean)
    union all select 9, '{"x": {"N": "-7.00"}}', 'N', cast(null as varchar(3)), -7, cast(null as boolean)
    union all select 10, '{"x": {"N": "12.5"}}', 'N', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
    union all select 11, '{"x": {"N": "twelve"}}', 'N', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
    union all select 12, '{"x": {"N": "999999999999999999"}}', 'N', cast(null as varchar(3)), 999999999999999999, cast(null as boolean)
    union all select 13, '{"x": {"N": "99999999999999999999999999999999999999"}}', 'N', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
    union all select 14, '{"x": {"BOOL": true}}', 'BOOL', cast(null as varchar(3)), cast(null as bigint), true
    union all select 15, '{"x": {"BOOL": "true"}}', 'BOOL', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
    union all select 16, '{"x": {"NULL": true}}', 'NULL', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
    union all select 17, '{"x": {"M": {"S": {"S": "a"}}}}', 'other', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
    union all select 18, '{"x": "abc"}', 'other', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
    union all select 19, '{"x": {"S": {"deep": 1}}}', 'S', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
    union all select 20, '{"X": {"S": "abc"}}', 'absent', cast(null as varchar(3)), cast(null as bigint), cast(null as boolean)
),

items as (
    select
        forms.*,
        json_parse(forms.written) as "value"
    from forms
),

-- Without a table the leader node alone would compute this, and refreshes are computed by the others.
rules as (
    select count(*) as rules_known from {{ ref('contract_rules') }}
),

readings as (
    select
        place,
        written,
        state,
        x_text,
        x_integer,
        x_boolean,
        {{ dynamodb_state('x', ['S', 'N', 'BOOL', 'NULL']) }} as read_state,
        {{ dynamodb_text('x', 3) }} as read_text,
        {{ dynamodb_integer('x') }} as read_integer,
        {{ dynamodb_boolean('x') }} as read_boolean
    from items
    cross join rules
)

select * from readings
where
    state <> read_state
    or coalesce(x_text, '-') <> coalesce(read_text, '-')
    or coalesce(x_integer, -1) <> coalesce(read_integer, -1)
    or coalesce(cast(x_boolean as integer), -1) <> coalesce(cast(read_boolean as integer), -1)
