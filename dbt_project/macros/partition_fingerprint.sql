{# What a row of an incremental model says of its partition: the fingerprint of the inputs, and one
   of the model's own code and of the variables in it (`settings`). A changed model, a column more
   for instance, so builds all of its partitions again, as a full refresh would. #}
{% macro partition_fingerprint(fingerprint, settings=[]) -%}
    {{ fingerprint }} || '/{{ local_md5(model.raw_code ~ tojson(settings)) }}'
{%- endmacro %}
