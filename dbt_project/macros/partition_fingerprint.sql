{# What a row of an incremental model says of its partition: the fingerprint of the inputs, and one
   of the model's own code and of the variables in it (`settings`). A changed model, a column more
   for instance, so builds all of its partitions again, as a full refresh would. A number: which
   fingerprints stand in a table is asked of all its rows, and comparing texts costs ten times as much. #}
{% macro partition_fingerprint(fingerprint, settings=[]) -%}
    {{ row_hash([fingerprint, "'" ~ local_md5(model.raw_code ~ tojson(settings)) ~ "'"]) }}
{%- endmacro %}
